/** Whether the text starts like a Tezos secret key, encrypted or not, and so must not be shown. */
export function looksSecret(text: string): boolean {
  return /(edsk|edesk|spsk|spesk|p2sk|p2esk|BLsk|BLesk)/.test(text);
}
