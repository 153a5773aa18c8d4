import { describeEveryBoundary } from './every-boundary.ts'

describeEveryBoundary('bridge-lab', 61)
