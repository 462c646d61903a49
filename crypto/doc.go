// Package crypto holds all of the cryptography of a culture day: the master
// that seals the keys of events, the keystore in which those keys lie (and are
// destroyed), the sealing of records and files, login codes, passwords, tokens
// and the signature under the purge log. It takes and returns bytes, and knows
// nothing of Redis, HTTP or students.
//
// What can go wrong with what came from outside is one of the errors below; no
// error text of this package repeats a byte of a key, a code, a password or a
// file that was handed in, so every one of them may be logged.
package crypto

import "errors"

var (
	// ErrMode means that a file with secrets can be read by others than its owner.
	ErrMode = errors.New("file with secrets is open to others")
	// ErrMaster means that something sealed does not open with this master: it is
	// for another master, or damaged.
	ErrMaster = errors.New("does not open with this master")
	// ErrKeyGone means that an event's key was destroyed, or was never made.
	ErrKeyGone = errors.New("event key is gone")
	// ErrKeyExists means that an event has a key already.
	ErrKeyExists = errors.New("event key exists already")
	// ErrRecord means that a sealed record is not this event's, not of this kind
	// and id, or not as it was sealed.
	ErrRecord = errors.New("record does not open")
	// ErrFile means that a sealed file is not this event's, or not as it was sealed.
	ErrFile = errors.New("file does not open")
	// ErrNotEncrypted means that an upload is no age file at all.
	ErrNotEncrypted = errors.New("upload is not an age file")
	// ErrCannotDecrypt means that an upload is an age file that cannot be read: for
	// somebody else, damaged, cut short, or beyond a limit.
	ErrCannotDecrypt = errors.New("age file cannot be decrypted")
	// ErrCode means that a text is not a login code.
	ErrCode = errors.New("not a login code")
	// ErrPasswordHash means that a stored password hash is not one of HashPassword.
	ErrPasswordHash = errors.New("malformed password hash")
	// ErrLogKey means that a text is not a key that signs the purge log.
	ErrLogKey = errors.New("not a purge-log key")
	// ErrNote means that a signed note is malformed or not signed by the key asked for.
	ErrNote = errors.New("note is not signed by this key")
)
