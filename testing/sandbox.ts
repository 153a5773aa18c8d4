import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, readlinkSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Exec } from '../core/command.ts'
import { crewIn } from '../core/crew.ts'
import { NsnetError } from '../core/errors.ts'
import { processExec } from '../core/exec.ts'

/** A kernel of one's own: the namespaces that a process holds. */
export interface World {
  /** Runs a command inside. */
  readonly exec: Exec
  /** Words that put a command inside. */
  readonly enter: readonly string[]
  /** Inode of its netns. */
  readonly netns: number
  /** Ends all that runs inside, with its namespaces. */
  readonly close: () => Promise<void>
}

/** The program that is tested with: the built nsnet of which this file is a part. */
export const program = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../dist/nsnet.js' : './nsnet.js', import.meta.url),
)

/** Where the sandbox keeps what is its own; gone with it. */
export const OWN = '/run/nsnet/own'

/** Opens the sandbox of nsnet: a host with an uplink, and an internet behind it. @throws SANDBOX_UNAVAILABLE */
export function openSandbox(): Promise<World> {
  if (!existsSync(program))
    throw new NsnetError('SANDBOX_UNAVAILABLE', `expected ${program}, found nothing`, 'npm start')
  return openWorld([process.execPath, program, 'sandbox', '--', 'sh', '-c', 'echo ready && exec sleep infinity'])
}

/**
 * Opens the namespaces that a command holds: it prints a line when all is ready, and then sleeps in them. They are gone
 * when they are closed, and when this process ends, however it does.
 *
 * @throws SANDBOX_UNAVAILABLE with what the command says, when it ends instead
 */
export async function openWorld(holder: readonly string[]): Promise<World> {
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', ...holder], { stdio: ['ignore', 'pipe', 'pipe'] })
  await ready(child)
  const pid = lastDescendantOf(child.pid!)
  const inside = { user: readlinkSync(`/proc/${pid}/ns/user`), own: readlinkSync('/proc/self/ns/user') }
  const user = inside.user === inside.own ? [] : ['--user', '--preserve-credentials']
  const enter = ['nsenter', '--target', `${pid}`, ...user, '--net', '--mount', '--pid', `--wd=${process.cwd()}`, '--']
  return {
    exec: processExec({ inside: { enter, crew: crewIn(enter), root: `/proc/${pid}/root` } }),
    enter,
    netns: Number(/\d+/.exec(readlinkSync(`/proc/${pid}/ns/net`))![0]),
    close: () => ended(child),
  }
}

async function ready(child: ChildProcess): Promise<void> {
  let said = ''
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (said += text))
  const failed = once(child, 'exit').then(() => {
    throw new NsnetError('SANDBOX_UNAVAILABLE', `cannot make the sandbox: ${said.trim()}`)
  })
  await Promise.race([once(child.stdout!, 'data'), failed])
  failed.catch(() => undefined)
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}

function lastDescendantOf(pid: number): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
  return children === '' ? pid : lastDescendantOf(Number(children.split(' ').at(-1)))
}
