import { spawnSync } from 'node:child_process'
import { expect } from 'vitest'
import { has } from './kernel.ts'
import type { Sandboxed } from './sandbox.ts'

/** Exports with these arguments of `nsnet export`; gives the script, which shellcheck has passed where it is installed. */
export async function exported({ nsnet }: Sandboxed, ...args: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await nsnet('export', ...args)
  expect({ args, exitCode, stderr }).toMatchObject({ exitCode: 0 })
  expect(complaintsAbout(stdout)).toBe('')
  return stdout
}

/** Runs a script by dash to its end; every command of it went well. */
export async function ranByDash({ exec }: Sandboxed, script: string): Promise<void> {
  const { exitCode, stderr } = await exec({ argv: ['dash'], stdin: script, timeoutMs: 60_000 })
  expect({ exitCode, stderr, script }).toMatchObject({ exitCode: 0, stderr: '' })
}

/** Says whether there is a dash to run scripts by. */
export const hasDash = spawnSync('dash', ['-c', ':']).status === 0

/** What shellcheck finds in a script; nothing, too, where it is not installed. */
function complaintsAbout(script: string): string {
  if (!isInstalled) return ''
  return spawnSync('shellcheck', ['--shell=sh', '-'], { input: script, encoding: 'utf8' }).stdout
}

const isInstalled = has('shellcheck')
