import { constants } from 'node:fs'
import { openPrivate } from './private.ts'

/** Place → number of the last event up to which spans were sent there. */
export type Sent = { readonly [place: string]: number }

/** Reads what of a run was sent; nothing where nothing, or nothing of use, is noted. */
export async function readSent(path: string): Promise<Sent> {
  try {
    const file = await openPrivate(path, constants.O_RDONLY)
    const value = JSON.parse(await file.readFile('utf8').finally(() => file.close())) as unknown
    const numbers = Object.entries(value as object).filter(([, seq]) => Number.isInteger(seq))
    return Object.fromEntries(numbers) as Sent
  } catch {
    return {}
  }
}

/** Notes what of a run was sent. Where that cannot be written, it is sent again, under the same ids. */
export async function writeSent(path: string, sent: Sent): Promise<void> {
  try {
    const file = await openPrivate(path, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC)
    await file.writeFile(JSON.stringify(sent)).finally(() => file.close())
  } catch {
    return
  }
}
