import { readFileSync } from 'node:fs'
import { basename, dirname, extname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stringify } from 'yaml'
import { NsnetError } from '../../core/errors.ts'
import { netnsName, prefix as prefixSchema } from '../../core/net.ts'
import { quote } from '../../core/quote.ts'
import type { Schema } from '../../core/schema.ts'
import { asJson, type Terminal } from '../terminal.ts'
import { openTalk, silently, type Ask } from './ask.ts'
import { kinds, workflowText, type Kind } from './workflow-text.ts'
import { writeNew } from './write-new.ts'

export interface NewWorkflowOptions {
  readonly kind?: string
  readonly name?: string
  /** Names of its netns, with a comma between two. */
  readonly netns?: string
  readonly prefix?: string
  /** Ask nothing; so it is without a terminal. */
  readonly yes?: boolean
}

/** Asks what the workflow is for, unless that is said, and writes one that is valid. @throws USAGE */
export async function newWorkflow(
  terminal: Terminal,
  file: string | undefined,
  options: NewWorkflowOptions,
): Promise<number> {
  const isAsked = options.yes !== true && !terminal.options.json && process.stdin.isTTY && process.stderr.isTTY
  const talk = isAsked ? openTalk() : { ask: silently, close: () => undefined }
  try {
    const { path, text } = await answered(talk.ask, file, options)
    writeNew([[resolve(path), text]])
    const next = [`nsnet plan ${quote(path)}`, `nsnet run ${quote(path)} --sandbox`]
    if (terminal.options.json) terminal.out(asJson({ files: [path], next }))
    else for (const line of [`wrote ${path}`, `next: ${next[0]}`, `      ${next[1]}`]) terminal.out(line)
    return 0
  } finally {
    talk.close()
  }
}

async function answered(ask: Ask, file: string | undefined, options: NewWorkflowOptions) {
  const list = Object.entries(kinds).map(([key, words]) => `  ${key.padEnd(10)}${words}`)
  const kind = (await given(ask, '--kind', options.kind, {
    about: ['What is it for?', ...list],
    text: 'Kind?',
    otherwise: 'internet',
    mistake: (it) => (Object.hasOwn(kinds, it) ? undefined : `expected ${Object.keys(kinds).join(', ')}, got "${it}"`),
  })) as Kind
  const preset = file === undefined ? kind : basename(file, extname(file))
  const name = await given(ask, '--name', options.name, {
    about: [],
    text: 'Name of the workflow?',
    otherwise: preset,
    mistake: (it) => (/^[^\x00-\x1f\x7f-\x9f]{1,200}$/.test(it) ? undefined : 'expected 1 to 200 characters'),
  })
  const netns = kind === 'empty' ? '' : await given(ask, '--netns', options.netns, netnsQuestion(kind))
  const network = kind === 'empty' ? '' : await given(ask, '--prefix', options.prefix, prefixQuestion(kind))
  const path = file ?? `${name.replace(/[^\w.-]+/g, '-').replace(/^[.-]+/, '') || kind}.json`
  const json = workflowText({ name, kind, netns: netns.split(','), prefix: network }, shipped(kind))
  return { path, text: textFor(path, json) }
}

function netnsQuestion(kind: 'internet' | 'cable') {
  const count = kind === 'internet' ? 1 : 2
  const mistake = (it: string): string | undefined => {
    const names = it.split(',')
    if (names.length !== count || new Set(names).size !== count)
      return `expected ${count === 1 ? 'the name of one netns' : 'the names of two netns, such as left,right'}, got "${it}"`
    return names.map((name) => mistakeIn(netnsName, name)).find((each) => each !== undefined)
  }
  const text = count === 1 ? 'Name of the netns?' : 'Names of the two netns, with a comma between?'
  return { about: [], text, otherwise: count === 1 ? 'ns1' : 'left,right', mistake }
}

const prefixQuestion = (kind: 'internet' | 'cable') => ({
  about: [],
  text: 'Network of the links (IPv4)?',
  otherwise: kind === 'internet' ? '10.0.0.0/24' : '10.1.0.0/24',
  mistake: (it: string) => mistakeIn(prefixSchema, it) ?? roomIn(it),
})

/** Both ends need an address. */
function roomIn(prefix: string): string | undefined {
  const isRoomy = !prefix.includes(':') && Number(prefix.split('/')[1]) <= 30
  return isRoomy
    ? undefined
    : `expected an IPv4 network with two addresses or more, such as 10.0.0.0/24, got "${prefix}"`
}

function mistakeIn(schema: Schema<unknown>, value: string): string | undefined {
  const result = schema['~standard'].validate(value)
  if (result instanceof Promise || !result.issues) return undefined
  return `${result.issues[0]!.message}, got ${JSON.stringify(value)}`
}

async function given(ask: Ask, flag: string, value: string | undefined, question: Parameters<Ask>[0]): Promise<string> {
  if (value === undefined) return await ask(question)
  const mistake = question.mistake(value)
  if (mistake === undefined) return value
  throw new NsnetError('USAGE', `${flag}: ${mistake}`)
}

/** Reads the workflow that nsnet brings along, where it is needed. */
function shipped(kind: Kind): string {
  if (kind !== 'internet') return ''
  const here = dirname(fileURLToPath(import.meta.url))
  return readFileSync(join(here, '..', 'workflows', 'internet.json'), 'utf8')
}

function textFor(path: string, json: string): string {
  if (/\.ya?ml$/.test(path)) return stringify(JSON.parse(json))
  if (path.endsWith('.json')) return json
  throw new NsnetError('USAGE', `expected a file that ends in .json, .yaml or .yml, got "${path}"`)
}
