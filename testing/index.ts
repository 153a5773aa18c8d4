/**
 * What the tests of step authors import: `import { conforms, given } from 'nsnet/testing'`. It works with any test runner:
 * what fails throws.
 *
 * @packageDocumentation
 */
export { ContractBroken } from './breach.ts'
export { conforms } from './conforms.ts'
export { context, given, printed, type Given, type Seeing } from './given.ts'
export type { Rule } from './laws.ts'
export type { StageStep } from './nsnet.ts'
export type { Stage } from './stage.ts'
export type { ConformsOptions } from './tested.ts'
export type { Example } from './trial.ts'
