// All that the page of class lists needs of age: encrypting to one recipient.
// Decrypting, passphrases and armor stay out of the bundle.
import { Encrypter } from "age-encryption"

globalThis.encryptTo = (recipient, plaintext) => {
  const encrypter = new Encrypter()
  encrypter.addRecipient(recipient)
  return encrypter.encrypt(plaintext)
}
