import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, readFileSync, rmSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { nsnet, preloaded } from './nsnet.ts'
import { listNetns } from './world.ts'

/** Starts nsnet on a job of so many netns, and ends it with SIGKILL once half of them are there. */
export async function killHalfWay(size: number, args: readonly string[]): Promise<void> {
  const [file, ...words] = nsnet(...args)
  const child = spawn(file!, words, { stdio: 'ignore' })
  const ended = once(child, 'exit')
  while (listNetns().length < size / 2 && child.exitCode === null) await setTimeout(2)
  child.kill('SIGKILL')
  const [, signal] = (await ended) as [number | null, string | null]
  if (signal !== 'SIGKILL') throw new Error(`nsnet ${args[0]} was to be killed half-way, but ended before`)
}

const STAMP = '/run/first'

/**
 * Milliseconds from before the start of `nsnet resume` until the first command with which it would change the kernel. There
 * it is killed, and its directory of runs is put back, so that the next time finds the same.
 */
export function firstCommandOf(state: string, id: string): number {
  const copy = `${state}-copy`
  cpSync(state, copy, { recursive: true, preserveTimestamps: true })
  rmSync(STAMP, { force: true })
  const [file, ...words] = preloaded('first-command.cjs', ['resume', id, '--state-dir', state])
  const began = process.hrtime.bigint()
  const { signal } = spawnSync(file!, words, { stdio: 'ignore' })
  rmSync(state, { recursive: true })
  cpSync(copy, state, { recursive: true, preserveTimestamps: true })
  rmSync(copy, { recursive: true })
  if (signal !== 'SIGKILL') throw new Error('nsnet resume ended without a command that changes something')
  const [stamp] = readFileSync(STAMP, 'utf8').split(' ')
  return Number(BigInt(stamp!) - began) / 1e6
}
