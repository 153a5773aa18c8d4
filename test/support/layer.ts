import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { rolldown } from 'rolldown'
import { afterAll, beforeAll } from 'vitest'
import type { Command, Output } from '../../core/command.ts'
import type { UpTo } from '../../core/outcome.ts'
import type { Kernel } from './kernel.ts'

/** What is asked of the layer that runs commands. */
export type Request =
  | { readonly ask: 'exec'; readonly commands: readonly Command[] }
  | { readonly ask: 'shortcut'; readonly commands: readonly Command[] }
  | { readonly ask: 'runJoined'; readonly groups: readonly (readonly Command[])[]; readonly upTo: UpTo }
  | { readonly ask: 'askJoined'; readonly commands: readonly Command[] }

/** What the layer gives: outputs, and how many processes it has begun (in the words that a trace shows). */
export interface Reply {
  readonly outputs: readonly (Output | null)[]
  readonly groups: readonly (readonly Output[])[]
  readonly ran: readonly string[]
}

const entry = `
import { processExec } from '${resolve('core/exec.ts')}'
import { shortcut } from '${resolve('core/direct.ts')}'
import { show } from '${resolve('core/command.ts')}'
import { askJoined, runJoined } from '${resolve('core/joined.ts')}'
const { ask, commands, groups, upTo } = JSON.parse(process.argv[2])
const ran = []
const exec = processExec({ trace: (command) => ran.push(show(command)) })
const outputs = []
if (ask === 'exec') for (const command of commands) outputs.push(await exec(command))
if (ask === 'shortcut') outputs.push(...commands.map((command) => shortcut(command) ?? null))
if (ask === 'askJoined') outputs.push(...(await Promise.all(askJoined(exec, commands))))
const told = ask === 'runJoined' ? await runJoined(exec, groups, upTo) : []
process.stdout.write(JSON.stringify({ outputs, groups: told, ran }))
`

/** Asks the layer in a process inside of a kernel; `file` is the program, whose argument is the request as JSON. */
export interface Layer {
  (kernel: Kernel, request: Request): Promise<Reply>
  readonly file: string
}

/**
 * Has the layer that runs commands work inside of a kernel, as nsnet does: in a process there. (What is run by
 * `kernel.exec` enters it from outside each time.)
 */
export function layer(): Layer {
  const dir = mkdtempSync(join(tmpdir(), 'nsnet-layer-'))
  chmodSync(dir, 0o755)
  const file = join(dir, 'layer.mjs')
  beforeAll(() => bundle(file))
  afterAll(() => rmSync(dir, { recursive: true, force: true }))
  const ask = async (kernel: Kernel, request: Request): Promise<Reply> => {
    const { stdout, stderr } = await kernel.exec({ argv: [process.execPath, file, JSON.stringify(request)] })
    if (stdout === '') throw new Error(stderr)
    return JSON.parse(stdout) as Reply
  }
  return Object.assign(ask, { file })
}

async function bundle(file: string): Promise<void> {
  const name = resolve('layer-entry.ts')
  const made = await rolldown({
    input: name,
    platform: 'node',
    plugins: [
      { name: 'entry', resolveId: (id) => (id === name ? id : null), load: (id) => (id === name ? entry : null) },
    ],
  })
  await made.write({ file, format: 'esm', codeSplitting: false })
}
