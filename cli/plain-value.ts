import type { Json } from '../core/json.ts'

/** Writes a value for people, who can break it at its blanks: `name: veth-host, peer: {name: eth0, netns: ns1}`. */
export function plainValue(value: Json): string {
  if (Array.isArray(value)) return value.length === 0 ? '[]' : value.map((item: Json) => nested(item)).join(', ')
  if (typeof value !== 'object' || value === null) return nested(value)
  const fields = Object.entries(value).map(([name, field]) => `${word(name)}: ${nested(field as Json)}`)
  return fields.length === 0 ? '{}' : fields.join(', ')
}

function nested(value: Json): string {
  if (typeof value === 'string') return word(value)
  if (Array.isArray(value)) return value.length === 0 ? '[]' : `[${plainValue(value)}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const text = plainValue(value)
  return text === '{}' ? text : `{${text}}`
}

/** A text as it is, in quotes where it would read as something else. */
const word = (text: string): string =>
  /^[^\s"'{}[\],:][^"{}[\],\n]*$/.test(text) && !/: |\s$|^(true|false|null|-?\d+(\.\d+)?)$/.test(text)
    ? text
    : JSON.stringify(text)
