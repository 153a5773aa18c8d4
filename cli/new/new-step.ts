import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { NsnetError } from '../../core/errors.ts'
import { quote } from '../../core/quote.ts'
import { builtinSteps } from '../../library/builtin.ts'
import { asJson, type Terminal } from '../terminal.ts'
import { pageText, stepFile, stepText, testText, type NewStep } from './step-text.ts'
import { writeNew } from './write-new.ts'

export interface NewStepOptions {
  /** Where the files are written; the current folder when it is absent. */
  readonly dir?: string
  /** In JavaScript; without it where this Node does not read TypeScript. */
  readonly js?: boolean
  readonly ts?: boolean
}

/** Writes a step type that works, its test and its page. @throws USAGE */
export function newStep(terminal: Terminal, name: string | undefined, { dir = '.', js, ts }: NewStepOptions): number {
  const step: NewStep = { name: expectName(name), typed: ts === true || (js !== true && readsTypes) }
  const file = stepFile(step)
  const test = file.replace(/\.(\w+)$/, '.test.$1')
  const runner = step.typed && !readsTypes ? 'node --import jiti/register --test' : 'node --test'
  const texts = {
    [file]: stepText(step),
    [test]: testText(step),
    [`${step.name}.md`]: pageText(step, `${runner} ${test}`),
  }
  writeNew(Object.entries(texts).map(([path, text]) => [resolve(dir, path), text]))
  const paths = Object.keys(texts).map((path) => join(dir, path))
  const next = nextSteps(dir, step, `${runner} ${test}`)
  if (terminal.options.json) terminal.out(asJson({ files: paths, next }))
  else {
    for (const path of paths) terminal.out(`wrote ${path}`)
    for (const [at, line] of next.entries()) terminal.out(`${at === 0 ? 'next: ' : '      '}${line}`)
  }
  return 0
}

const readsTypes = 'typescript' in process.features && process.features.typescript !== false

function expectName(name: string | undefined): string {
  if (name !== undefined && /^[a-z][a-z0-9-]{0,40}$/.test(name) && !builtinSteps.some(({ type }) => type === name))
    return name
  const what = 'a name of its own, of small letters, digits and "-", beginning with a letter'
  const hint = 'such as: nsnet new step mtu; nsnet steps lists those that are taken'
  throw new NsnetError('USAGE', `expected ${what}, got ${name === undefined ? 'nothing' : `"${name}"`}`, hint)
}

/** What to type, one command a line. */
function nextSteps(dir: string, step: NewStep, test: string): readonly string[] {
  const needed = [
    ...(canFind('nsnet', dir) ? [] : [quote(home())]),
    ...(step.typed && !readsTypes && !canFind('jiti', dir) ? ['jiti@2.7.0'] : []),
  ]
  const folder = relative('.', resolve(dir))
  return [
    ...(folder === '' ? [] : [`cd ${quote(folder)}`]),
    ...(needed.length === 0 ? [] : [`npm install --save-dev ${needed.join(' ')}`]),
    test,
    `in a workflow beside it: "plugins": ["./${stepFile(step)}"]`,
  ]
}

function canFind(name: string, dir: string): boolean {
  try {
    createRequire(resolve(dir, 'test.mjs')).resolve(name)
    return true
  } catch {
    return false
  }
}

/** The folder of this nsnet, as npm installs it. */
function home(): string {
  let folder = dirname(fileURLToPath(import.meta.url))
  while (!existsSync(join(folder, 'package-lock.json')) && !folder.endsWith('/nsnet') && folder !== '/')
    folder = dirname(folder)
  return folder
}
