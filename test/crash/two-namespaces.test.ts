import { describeEveryBoundary } from './every-boundary.ts'

describeEveryBoundary('two-namespaces', 17)
