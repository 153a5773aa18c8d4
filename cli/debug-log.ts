import type { FileHandle } from 'node:fs/promises'
import type { Logger } from 'pino'
import { NsnetError } from '../core/errors.ts'
import type { Store } from '../journal/store.ts'

/** Opens the debug log of a run, or none where nothing can be written: nothing depends on it. @throws STATE_DIR_UNSAFE */
export async function openLog(store: Store, id: string): Promise<FileHandle | undefined> {
  return await store.openLog(id).catch((error: unknown) => {
    if (error instanceof NsnetError) throw error
    return undefined
  })
}

/** What is noted of a run. */
export type Log = (level: 'info' | 'debug', fields: object) => void

/**
 * Writes the debug log to an open file, or nowhere; a disk that is full does not stop a run here. The package that writes it
 * takes 4 ms to load: that has time until the run has gone on for a while, or is over.
 */
export function logTo(file: FileHandle | undefined): { readonly log: Log; readonly end: () => void } {
  if (!file) return { log: () => undefined, end: () => undefined }
  let pino: Logger | undefined
  let timer: NodeJS.Timeout | undefined
  const kept: Parameters<Log>[] = []
  const open = (): void => {
    if (kept.length > 0) pino ??= loggerTo(file)
    for (const [level, fields] of kept.splice(0)) pino?.[level](fields)
  }
  return {
    log(level, fields) {
      kept.push([level, fields])
      if (pino) open()
      else timer ??= setTimeout(open, SOON_MS).unref()
    },
    end: open,
  }
}

/** How long lines may wait to be written, in milliseconds: a run that is killed in this time has no debug log. */
const SOON_MS = 100

function loggerTo(file: FileHandle): Logger {
  const { pino } = require('pino') as typeof import('pino')
  const destination = pino.destination({ dest: file.fd, sync: true })
  destination.on('error', () => undefined)
  return pino({ level: 'debug', base: null }, destination)
}
