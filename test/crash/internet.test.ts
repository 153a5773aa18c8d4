import { describeEveryBoundary } from './every-boundary.ts'

describeEveryBoundary('internet', 17)
