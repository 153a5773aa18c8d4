import { z } from 'zod'

/** Bytes that a file has at most, ours and the one that was there: they stand in the journal. */
export const MOST_BYTES = 64 * 1024

/** What a step wants of a file. */
export interface AskedFile {
  readonly path: string
  readonly content: string
  /** Three octal digits; undefined for that of the file that is there, or 644. */
  readonly mode: string | undefined
}

/** Places in which a file is not a file, or not for others to write. */
const REFUSED = ['/proc', '/sys', '/dev', '/run/netns', '/var/run/netns', '/var/lib/nsnet']

/** The absolute path of a file. */
export const filePath = z
  .string()
  .regex(/^(\/(?!\.{1,2}(\/|$))[^/\x00-\x1f\x7f]{1,200})+$/, 'expected an absolute path without "." and ".." in it')
  .refine((path) => Buffer.byteLength(path) <= 3000, 'expected a path of at most 3000 bytes')
  .refine(
    (path) => !REFUSED.some((place) => path === place || path.startsWith(`${place}/`)),
    `expected a path outside of ${REFUSED.join(', ')}`,
  )
  .meta({
    description: 'absolute path of the file, without symbolic links in it',
    examples: ['/etc/netns/ns1/resolv.conf'],
  })

/** What a file holds. */
const fileContent = z
  .string()
  .refine((text) => Buffer.byteLength(text) <= MOST_BYTES, `expected a text of at most ${MOST_BYTES} bytes`)
  .refine(
    (text) => !text.includes('\0') && Buffer.from(text).toString() === text,
    'expected a text that UTF-8 can hold, without NUL',
  )
  .meta({
    description: `all that is in it, as text of at most ${MOST_BYTES} bytes`,
    examples: ['nameserver 192.0.2.1\n'],
  })

/** Who may read and write a file. */
const fileMode = z
  .string()
  .regex(/^0?[0-7]{3}$/, 'expected three octal digits, such as "0644"')
  .transform((text) => text.slice(-3).replace(/^0+(?=.)/, ''))

/** What a workflow says to `file`. */
export const fileInput = z.strictObject({
  path: filePath,
  content: fileContent,
  mode: fileMode.optional().meta({
    description: 'who may read and write it, in octal; without it that of the file that is there, else 0644',
    examples: ['0600'],
  }),
})

/** A file step's input after validation. */
export type FileInput = z.output<typeof fileInput>
