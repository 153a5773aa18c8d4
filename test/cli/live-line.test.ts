import { expect, test } from 'vitest'
import { liveLineOn } from '../../cli/live-line.ts'
import { paneOf } from '../support/pane.ts'

/** A terminal that keeps what is written to it, one entry a write. */
function terminal(columns: number) {
  const writes: string[] = []
  const stream = { columns, write: (text: string) => writes.push(text) }
  return { writes, stream, line: liveLineOn(stream as unknown as NodeJS.WriteStream) }
}

test('is drawn by one write, in place of the one before, and leaves nothing behind', () => {
  const { writes, line } = terminal(20)
  line.draw('  … a  1.0 s  a long command')
  line.draw('  … a  1.1 s')
  expect(writes).toHaveLength(2)
  expect(paneOf(writes.join(''), 20)).toEqual(['  … a  1.1 s'])
  expect(paneOf(`${writes.join('')}${line.gone()}done\n`, 20)).toEqual(['done', ''])
  expect(line.gone()).toBe('')
})

test('leaves room for the ^C that a terminal writes behind it', () => {
  for (const text of ['x'.repeat(50), '漢'.repeat(30), '\x1b[33m…\x1b[39m 漢字'.repeat(9)]) {
    const { writes, line } = terminal(20)
    line.draw(text)
    expect(paneOf(`${writes.join('')}^C${line.gone()}done\n`, 20)).toEqual(['done', ''])
  }
})

test('is taken away whole also when the window became narrower and wrapped it', () => {
  const { writes, stream, line } = terminal(60)
  line.draw('x'.repeat(50))
  stream.columns = 20
  const wrapped = ['above', 'x'.repeat(20), 'x'.repeat(20), 'x'.repeat(10)].join('\n')
  line.draw('  … b')
  expect(paneOf(wrapped + writes[1]!, 20)).toEqual(['above', '  … b'])
})
