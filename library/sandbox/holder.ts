import { readdirSync, readFileSync } from 'node:fs'
import { crewIn, type Crew } from '../../core/crew.ts'
import { NsnetError } from '../../core/errors.ts'
import { start, type Running } from '../../core/spawn.ts'
import { SEE_DOCTOR } from '../../core/tools.ts'
import { allowNamespaces, makeNamespaces } from './namespaces.ts'
import { worldScript } from './world.ts'

/** A little world that a child process holds: when that ends, or nsnet does, the kernel takes all of it away. */
export interface Holder {
  /** The process id, as nsnet sees it, of the first process inside. */
  readonly pid: number
  /** The words that put a command inside; what it starts has the directory that nsnet was in when the world was made. */
  readonly enter: readonly string[]
  readonly crew: Crew
  /** Says whether the world is gone, or about to go. */
  readonly isGone: () => boolean
  /** Ends every process inside, and waits until all of them are gone. */
  readonly end: () => Promise<void>
}

/**
 * Makes a little world, and gives it when all of it is there. `nsnet` are the words of the command that is the program `nsnet`
 * inside; without any, there is none. Nothing of it keeps the process of nsnet alive.
 *
 * @throws SANDBOX_UNAVAILABLE when the kernel does not allow such namespaces, or a tool is missing
 */
export async function hold(nsnet: readonly string[]): Promise<Holder> {
  const script = `${worldScript(nsnet)}\necho ${READY}\nread -r _ || :`
  const shell = start([...makeNamespaces, '--', 'sh', '-c', script], {}, 'many')
  shell.stdin?.on('error', () => undefined)
  await isReady(shell)
  shell.hold(false)
  const pid = childOf(shell.pid!)
  if (pid === undefined) throw unavailable('its first process has ended')
  const enter = [...words(pid), '--', 'setpriv', '--pdeathsig', 'KILL', '--']
  let gone = false
  void shell.ended.then(() => (gone = true))
  return {
    pid,
    enter,
    crew: crewIn([...words(pid), '--']),
    isGone: () => gone,
    end: async () => {
      gone = true
      shell.hold(true)
      shell.stdin?.end()
      await shell.ended
    },
  }
}

const READY = 'nsnet:ready'

/** Without `--pid` a command would see no process under `/proc`, itself included. @see nsenter(1) */
const words = (pid: number): readonly string[] => [
  'nsenter',
  '--target',
  `${pid}`,
  ...(process.getuid?.() === 0 ? [] : ['--user', '--preserve-credentials']),
  '--net',
  '--mount',
  '--pid',
  '--wd',
]

/** Waits until the first process inside says that the world is there. @throws SANDBOX_UNAVAILABLE */
async function isReady({ stdout, stderr, ended }: Running): Promise<void> {
  let [said, complaint] = ['', '']
  stderr.on('data', (chunk: Buffer) => void (complaint += `${chunk}`))
  const ready = new Promise<boolean>((resolve) => {
    stdout.on('data', (chunk: Buffer) => {
      said += `${chunk}`
      if (said.includes(READY)) resolve(true)
    })
  })
  if (await Promise.race([ready, ended.then(() => false)])) return
  throw unavailable(complaint.trim())
}

function unavailable(why: string): NsnetError {
  const mayNot = why.startsWith('unshare: unshare failed')
  const allow = ['ordinary users may not make namespaces here; run it with sudo, or allow them:'].concat(
    Object.values(allowNamespaces),
  )
  const hint = [...(mayNot ? allow : []), SEE_DOCTOR].join('\n')
  return new NsnetError('SANDBOX_UNAVAILABLE', `cannot make the sandbox: ${why}`, hint)
}

/** Finds a child of a process; undefined where it has none. */
export function childOf(parent: number): number | undefined {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .find((pid) => parentOf(pid) === parent)
}

/** The fields behind the name, which may hold anything, begin with the state and the parent. @see proc_pid_stat(5) */
function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
  } catch {
    return undefined
  }
}
