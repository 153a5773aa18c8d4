/**
 * What authors of steps import: `import { defineStep, ip } from 'nsnet'`.
 *
 * @packageDocumentation
 */
export { API_VERSION } from './api-version.ts'
export { choice } from './choice.ts'
export { HANDLE, HOST_NETNS, inNetns, ip, show, type Command, type Output } from './command.ts'
export { NsnetError, type ErrorCode } from './errors.ts'
export type { Json } from './json.ts'
export { address, canonical, familyOf, hostAddress, linkName, mac, mtu, netnsName, networkOf, prefix } from './net.ts'
export { everyKey, inside, keyIn, linkKey, netnsKey, type ResourceKey, type Resources } from './resource.ts'
export type { Issue, Result, Schema } from './schema.ts'
export type { Sketch } from './sketch.ts'
export type { StepDocs, StepExample } from './step-docs.ts'
export {
  conflict,
  defineStep,
  nothingToDo,
  tagOf,
  type Change,
  type Context,
  type Diagnosis,
  type Earlier,
  type Facts,
  type Failed,
  type Look,
  type Plan,
  type Step,
  type Tally,
} from './step.ts'
export { z } from 'zod'
