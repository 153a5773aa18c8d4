import { describeEveryBoundary } from './every-boundary.ts'

describeEveryBoundary('internet-nftables', 17)
