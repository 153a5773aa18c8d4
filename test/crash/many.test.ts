import { describeEveryBoundary } from './every-boundary.ts'

describeEveryBoundary('many', 41)
