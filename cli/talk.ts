import { createInterface, type Interface } from 'node:readline/promises'

/** Opens a talk with whoever sits at the terminal, on stderr, so that results stay apart; Ctrl-C ends nsnet. */
export function talkOnStderr(): Interface {
  const talk = createInterface({ input: process.stdin, output: process.stderr })
  talk.once('SIGINT', () => {
    talk.close()
    process.kill(process.pid, 'SIGINT')
  })
  return talk
}
