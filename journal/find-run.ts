import { NsnetError } from '../core/errors.ts'
import { listed } from '../core/problems.ts'

const OF_A_FILE = 'a run is named by its id, not by its file; nsnet list shows the ids with their files'

/** The refusal of a name that none of these runs has. */
export function noneNamed(name: string, ids: readonly string[]): NsnetError {
  const [found, hint] =
    ids.length === 0
      ? ['none at all', 'a run with --sandbox goes with its sandbox; begin one with: nsnet run FILE']
      : [`none that "${name}" names`, /[/.]/.test(name) ? OF_A_FILE : 'nsnet list shows all runs']
  return new NsnetError('RUN_NOT_FOUND', `expected a run, found ${found}`, hint)
}

/** Expects that some run was the last one. @throws RUN_NOT_FOUND */
export function expectLatest(id: string | undefined): string {
  if (id !== undefined) return id
  throw noneNamed('last', [])
}

/** Finds the run that a name means: its id, or a beginning that no other has. @throws RUN_NOT_FOUND, RUN_AMBIGUOUS */
export function oneOf(name: string, ids: readonly string[]): string {
  if (ids.includes(name)) return name
  const found = ids.filter((id) => name !== '' && id.startsWith(name))
  if (found.length === 1) return found[0]!
  if (found.length === 0) throw noneNamed(name, ids)
  const message = `expected one run, "${name}" begins the ids of ${found.length}: ${listed(found)}`
  throw new NsnetError('RUN_AMBIGUOUS', message, 'nsnet list shows all runs')
}
