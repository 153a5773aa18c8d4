import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, readlinkSync } from 'node:fs'

/** The namespaces that a process holds. */
export interface World {
  /** Words that put a command inside. */
  readonly enter: readonly string[]
  /** Ends all that runs inside, with its namespaces. */
  readonly close: () => Promise<void>
}

/**
 * Opens the namespaces that a command holds: it prints a line when all is ready, and then sleeps in them. They are gone
 * when they are closed, and when this process ends, however it does.
 *
 * @throws with what the command says, when it ends instead
 */
export async function openWorld(holder: readonly string[]): Promise<World> {
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', ...holder], { stdio: ['ignore', 'pipe', 'pipe'] })
  await ready(child)
  const pid = lastDescendantOf(child.pid!)
  const inside = { user: readlinkSync(`/proc/${pid}/ns/user`), own: readlinkSync('/proc/self/ns/user') }
  const user = inside.user === inside.own ? [] : ['--user', '--preserve-credentials']
  const enter = ['nsenter', '--target', `${pid}`, ...user, '--net', '--mount', '--pid', `--wd=${process.cwd()}`, '--']
  return { enter, close: () => ended(child) }
}

async function ready(child: ChildProcess): Promise<void> {
  let said = ''
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (said += text))
  const failed = once(child, 'exit').then(() => {
    throw new Error(`cannot make the namespaces: ${said.trim()}`)
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
