import type { Terminal } from '../terminal.ts'
import type { View } from './view.ts'

/**
 * Tells programs, one JSON text a line: events as the journal holds them (`{"v":1,"seq":…,"event":{…}}`), and what goes on
 * between them as `{"progress":{…}}`.
 */
export const json = ({ report }: Terminal): View => ({
  event: (_, entry) => report(JSON.stringify(entry)),
  progress: (_, progress) => report(JSON.stringify({ progress })),
  end: () => undefined,
})
