/** Loads the package that knows every way to write an address, when the first is read that `plainIpv4` does not know: 2 ms. */
export const ipAddresses = (): typeof import('ip-address') => require('ip-address') as typeof import('ip-address')
