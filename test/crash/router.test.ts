import { describeEveryBoundary } from './every-boundary.ts'

describeEveryBoundary('router', 37)
