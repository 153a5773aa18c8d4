import type { Terminal } from '../terminal.ts'
import { json } from './json.ts'
import { none } from './none.ts'
import { plain } from './plain.ts'
import { tty } from './tty.ts'
import type { View } from './view.ts'

/** Makes the view that the terminal's progress asks for. */
export function viewFor(terminal: Terminal): View {
  switch (terminal.progress) {
    case 'tty':
      return tty(terminal)
    case 'plain':
      return plain(terminal)
    case 'json':
      return json(terminal)
    case 'none':
      return none
  }
}
