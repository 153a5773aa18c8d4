import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { onTestFinished } from 'vitest'
import { processExec } from '../../core/exec.ts'
import type { Exec, Output } from '../../core/command.ts'

/** A real kernel of one's own: private network, mount and pid namespaces, gone when the test ends. */
export interface Kernel {
  readonly exec: Exec
  /** Runs a command line split at spaces; throws when it fails; gives its stdout. */
  readonly sh: (line: string) => Promise<string>
  /** Words that put a command into this kernel. */
  readonly enter: readonly string[]
}

/** Makes a private kernel for the running test and takes it away afterwards. */
export async function privateKernel(): Promise<Kernel> {
  const holder = hold()
  onTestFinished(() => void holder.kill('SIGKILL'))
  await once(holder.stdout!, 'data')
  const pid = firstChildOf(holder.pid!)
  const user = process.getuid?.() === 0 ? [] : ['--user', '--preserve-credentials']
  const enter = ['nsenter', '--target', `${pid}`, ...user, '--net', '--mount', '--pid', '--']
  const run = processExec()
  const exec: Exec = (command) => run({ ...command, argv: [...enter, ...command.argv] })
  return { exec, enter, sh: async (line) => checked(line, await exec({ argv: line.split(' ') })) }
}

function hold(): ChildProcess {
  const user = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user']
  const isolate = ['--net', '--mount', '--propagation', 'private', '--fork', '--pid', '--mount-proc', '--kill-child']
  const prepare =
    'mount -t tmpfs tmpfs /run && mkdir /run/netns && ip link set lo up && echo ready && exec sleep infinity'
  const argv = ['--pdeathsig', 'KILL', '--', 'unshare', ...user, ...isolate, '--', 'sh', '-c', prepare]
  return spawn('setpriv', argv, { stdio: ['ignore', 'pipe', 'inherit'] })
}

const firstChildOf = (pid: number): number =>
  Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0])

function checked(line: string, { exitCode, stdout, stderr }: Output): string {
  if (exitCode !== 0) throw new Error(`${line}: exit code ${exitCode}: ${stderr}`)
  return stdout
}

/** Says whether a program is installed: for tests of tools that a system may lack. */
export function has(program: string): boolean {
  try {
    execFileSync(program, ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
