import { MessageChannel, receiveMessageOnPort, Worker, type MessagePort } from 'node:worker_threads'
import { endGroup, environment, PROGRAM, UNDER } from '../spawn.ts'
import { relay, type RelayData, type Reply } from './relay.ts'

/** Characters that one answer has at most. */
const LONGEST = 16 * 1024 * 1024

/** Characters of stderr that are told, the last ones. */
const TAIL = 2000

/** What went wrong with a plugin's process; `quiet` when it had only ended, as it may between two requests. */
export class NoAnswer extends Error {
  readonly quiet: boolean

  constructor(message: string, quiet: boolean) {
    super(message)
    this.quiet = quiet
  }
}

/** A plugin's process, which answers a line with a line. */
export interface Talk {
  /** Waits for the answer, and lets nothing else happen meanwhile. @throws NoAnswer; the process is gone then */
  readonly ask: (line: string) => string
  readonly end: () => void
}

/**
 * Starts the process of a plugin. It is a child of nsnet as all are (see `start`): it ends with nsnet, and Ctrl-C does not reach
 * it. Since the functions of a step give what they give at once, a thread beside the main one does the waiting.
 */
export function talkWith(path: string, limitMs: number): Talk {
  const shared = new SharedArrayBuffer(12)
  const words = new Int32Array(shared)
  const { port1, port2 } = new MessageChannel()
  const worker = threadFor(path, shared, port2)
  let answered = 0
  const end = (): void => {
    if (!running.delete(end)) return
    Atomics.store(words, 2, 1)
    const pid = Atomics.load(words, 1)
    // a thread that is about to start the process sees that it is over, and ends both: cut off there, it would leave it
    if (pid === 0) return
    endGroup(pid)
    void worker.terminate()
  }
  if (running.size === 0) process.once('exit', endAll)
  running.add(end)
  return {
    end,
    ask(line) {
      if (!running.has(end)) throw new NoAnswer('was ended', true)
      Atomics.store(words, 0, 0)
      port1.postMessage(`${line}\n`)
      const isLate = Atomics.wait(words, 0, 0, limitMs) === 'timed-out'
      const reply = isLate ? undefined : (receiveMessageOnPort(port1)?.message as Reply)
      if (reply && 'line' in reply && reply.extra === '') {
        answered += 1
        return reply.line
      }
      end()
      throw new NoAnswer(whyNot(reply, limitMs), answered > 0 && hasOnlyEnded(reply))
    },
  }
}

/** What ends the processes that run. */
const running = new Set<() => void>()

const endAll = (): void => running.forEach((end) => end())

function threadFor(path: string, shared: SharedArrayBuffer, port: MessagePort): Worker {
  // what is printed without a flush would stay in the program until it ends
  const env = { ...environment(), PYTHONUNBUFFERED: '1' }
  const data: RelayData = { argv: [PROGRAM, ...UNDER, path], env, port, shared, longest: LONGEST, tail: TAIL }
  const worker = new Worker(`(${relay.toString()})()`, {
    eval: true,
    execArgv: [],
    workerData: data,
    transferList: [port],
  })
  worker.unref()
  return worker
}

const hasOnlyEnded = (reply: Reply | undefined): boolean =>
  reply !== undefined && 'ended' in reply && reply.ended === 0 && reply.stdout === ''

function whyNot(reply: Reply | undefined, limitMs: number): string {
  if (reply === undefined)
    return `gave no answer within ${limitMs / 1000} s (a whole line, flushed at once; NSNET_TIMEOUT=SECONDS gives it more time)`
  if ('tooLong' in reply) return `gave an answer of more than ${LONGEST / 1024 / 1024} MiB`
  if ('line' in reply)
    return `gave more than one line for an answer: got ${firstLine(reply.line)} and ${firstLine(reply.extra)}`
  const how = typeof reply.ended === 'number' ? `ended with exit code ${reply.ended}` : `was ended by ${reply.ended}`
  const printed = reply.stdout === '' ? '' : `, printing ${firstLine(reply.stdout)}`
  const said = reply.stderr.trim() === '' ? '' : `, saying:\n${reply.stderr.trim()}`
  return `${how} and gave no answer${printed}${said}`
}

/** The beginning of what was printed, as people know it again. */
const firstLine = (text: string): string => JSON.stringify(text.split('\n')[0]!.slice(0, 200))
