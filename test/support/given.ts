export { context, given, printed } from '../../testing/given.ts'
