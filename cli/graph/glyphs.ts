/** What pictures in text are drawn with. */
export interface Glyphs {
  readonly corners: readonly [string, string, string, string]
  readonly across: string
  readonly down: string
  /** A cable, one that is not there yet, and where a cable passes a frame. */
  readonly cable: string
  readonly pendingCable: string
  readonly socket: string
  /** An arrow leaves a frame to the left or right, or goes up through it. */
  readonly leaves: { readonly left: string; readonly right: string; readonly up: string }
  readonly heads: { readonly left: string; readonly right: string; readonly up: string; readonly down: string }
  readonly ports: { readonly more: string; readonly last: string }
  readonly dots: string
}

export const lines: Glyphs = {
  corners: ['┌', '┐', '└', '┘'],
  across: '─',
  down: '│',
  cable: '═',
  pendingCable: '╌',
  socket: '╪',
  leaves: { left: '┤', right: '├', up: '┼' },
  heads: { left: '◄', right: '►', up: '▲', down: '▼' },
  ports: { more: '├ ', last: '└ ' },
  dots: '…',
}

export const ascii: Glyphs = {
  corners: ['+', '+', '+', '+'],
  across: '-',
  down: '|',
  cable: '=',
  pendingCable: '.',
  socket: '#',
  leaves: { left: '+', right: '+', up: '+' },
  heads: { left: '<', right: '>', up: '^', down: 'v' },
  ports: { more: '|- ', last: '`- ' },
  dots: '...',
}
