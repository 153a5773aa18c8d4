import packageJson from '../package.json' with { type: 'json' }
import { API_VERSION } from './api-version.ts'
import { withArticle } from './counted.ts'
import { NsnetError } from './errors.ts'
import { docsMistake } from './step-docs.ts'
import type { Step } from './step.ts'

/** The refusal of a plugin. */
export const pluginInvalid = (message: string, hint?: string, options?: ErrorOptions): NsnetError =>
  new NsnetError('PLUGIN_INVALID', message, hint ?? 'docs/writing-a-step.md shows a whole plugin', options)

/** Refuses what a plugin exports when it is no step of this version. @throws PLUGIN_INVALID */
export function expectStep(step: unknown, path: string): asserts step is Step {
  if (!isObject(step)) {
    const got = step === null ? 'null' : step === undefined ? 'nothing' : typeof step
    throw pluginInvalid(`${path}: expected "export default" of a step or a list of steps, got ${got}`)
  }
  expectVersion(step, path)
  for (const [part, kind] of parts) expectKind(step, part, kind, path)
  for (const [part, kind] of extras) if (step[part] !== undefined) expectKind(step, part, kind, path)
  const { type, input, docs } = step as unknown as Step
  if (!TYPE.test(type)) {
    const what = 'a name of up to 63 letters, digits, ".", "_", "-" and "/", beginning with a letter'
    throw pluginInvalid(`${path}: expected the step's "type" to be ${what}, got ${JSON.stringify(type)}`)
  }
  const { validate, version } = (input['~standard'] ?? {}) as Partial<Step['input']['~standard']>
  if (typeof validate !== 'function' || version !== 1)
    throw pluginInvalid(`${path}: expected the step's "input" to be a Standard Schema (zod, valibot, arktype …)`)
  const mistake = docsMistake(docs)
  if (mistake !== undefined)
    throw pluginInvalid(`${path}: expected the step's "docs" as StepDocs says, got a mistake in ${mistake}`)
}

type Parts = readonly (readonly [part: string, kind: string])[]

const isObject = (value: unknown): value is { readonly [part: string]: unknown } =>
  typeof value === 'object' && value !== null

/** A name that workflows write in `uses`. */
const TYPE = /^[A-Za-z][\w./-]{0,62}$/

/** What a step must have, and of which kind. */
const parts: Parts = [
  ['type', 'string'],
  ['input', 'object'],
  ['resources', 'function'],
  ['probe', 'function'],
  ['observe', 'function'],
  ['plan', 'function'],
]

const hooks =
  'foretell watches outcome changes undo commentOfHandle rest indivisible identity mine drift sketch foreseeable patience'.split(
    ' ',
  )

/** The functions that these hold, when a step has them. */
const inner: { readonly [part: string]: readonly string[] } = {
  tally: ['over', 'begin', 'add', 'foretell'],
  diagnosis: ['probe', 'read'],
}

/** What a step may have. */
const extras: Parts = [
  ['summary', 'string'],
  ['onlyLooks', 'boolean'],
  ['exitCodeTells', 'boolean'],
  ['outlivesBoot', 'boolean'],
  ['outputs', 'object'],
  ['tally', 'object'],
  ['diagnosis', 'object'],
  ...hooks.map((name) => [name, 'function'] as const),
]

function expectKind(step: { readonly [part: string]: unknown }, part: string, kind: string, path: string): void {
  const value = step[part]
  const found = value === null ? 'null' : typeof value
  // a validator may be a function that has properties
  const isKind = found === kind || (part === 'input' && found === 'function')
  if (!isKind) throw pluginInvalid(`${path}: expected the step's "${part}" to be ${withArticle(kind)}, got ${found}`)
  const names = part === 'outputs' ? Object.keys(value as object) : (inner[part] ?? [])
  for (const name of names) {
    const it: unknown = (value as { readonly [name: string]: unknown })[name]
    if (typeof it !== 'function')
      throw pluginInvalid(`${path}: expected the step's "${part}.${name}" to be a function, got ${typeof it}`)
  }
}

/** A step that says nothing of it is taken as it is. @throws PLUGIN_INVALID for a step that is written for another version */
function expectVersion({ type, apiVersion = API_VERSION }: { readonly [part: string]: unknown }, path: string): void {
  if (apiVersion === API_VERSION) return
  const isNumber = typeof apiVersion === 'number'
  const written = isNumber ? `is written for version ${apiVersion}` : `says ${JSON.stringify(apiVersion)}`
  const message = `${path}: expected a step for version ${API_VERSION} of nsnet's step API, "${String(type)}" ${written}`
  const other =
    isNumber && apiVersion > API_VERSION ? 'a newer nsnet' : `a version of the plugin for apiVersion ${API_VERSION}`
  throw pluginInvalid(message, `this is nsnet ${packageJson.version}: install ${other}`)
}
