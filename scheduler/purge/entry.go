package purge

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// Step is what an entry of the log records.
type Step string

// The steps of a purge, in their order.
const (
	StepStarted           Step = "started"            // the event is shut for good, what it held is counted
	StepKeyDestroyed      Step = "key_destroyed"      // from here no name can be read again
	StepCiphertextDeleted Step = "ciphertext_deleted" // personal keys and tasks are gone from Redis
	StepLogRewritten      Step = "log_rewritten"      // and from the files of Redis
	StepVerified          Step = "verified"           // looked for, and not found
	StepCompleted         Step = "completed"          // once for each event
)

// StepDeadlineChanged records that the moment from which an event is purged was
// moved, From one moment To another. Whoever changes an event appends it.
const StepDeadlineChanged Step = "deadline_changed"

// The steps of the erasing of single students, before the purge.
const (
	StepStudentErased    Step = "student_erased"    // that many students are gone from Redis
	StepErasureRewritten Step = "erasure_rewritten" // and from the files of Redis
)

// steps are the steps of a purge in their order.
var steps = []Step{StepStarted, StepKeyDestroyed, StepCiphertextDeleted, StepLogRewritten, StepVerified, StepCompleted}

// OfPurge reports whether the step is one of a purge.
func (s Step) OfPurge() bool { return slices.Contains(steps, s) }

// Entry is one line of the log. No field ever holds anything about a student;
// Note is a sentence of this program, not something that was entered.
type Entry struct {
	Seq   int       `json:"seq"` // from 1, without a gap
	At    time.Time `json:"at"`  // UTC, whole seconds, by the application's clock
	Event string    `json:"event"`
	Step  Step      `json:"step"`

	// Again is 0 in the purge itself, and counts the times that something came
	// back (from a backup) and was purged again. A round after the first ends
	// with StepVerified.
	Again int `json:"again,omitempty"`

	// Of StepDeadlineChanged.
	From time.Time `json:"from,omitzero"`
	To   time.Time `json:"to,omitzero"`

	// Of StepStarted: when the purge was due; whether it was asked for before that;
	// what names the key; the tag at the head of all that was sealed; a sealed
	// constant without that tag in base64, which nothing can open any more; the
	// number of Redis's files in which the tag was found.
	Due         time.Time `json:"due,omitzero"`
	Early       bool      `json:"early,omitempty"`
	Fingerprint string    `json:"fingerprint,omitempty"`
	Tag         string    `json:"tag,omitempty"`
	Canary      string    `json:"canary,omitempty"`
	Residue     int       `json:"residue,omitempty"`

	// Counts are numbers by kind. Started and StepCompleted: students, codes, places,
	// sessions, files, and where there were any: wishes, invitations, drafts.
	// StepCiphertextDeleted: keys, tasks. StepLogRewritten: snapshots removed.
	// StepVerified: files searched.
	// StepStudentErased: students. StepErasureRewritten: students, of the event, who
	// were erased before the rewrite began, and snapshots removed.
	Counts map[string]int `json:"counts,omitempty"`
	// Files says in StepVerified whether Redis's files were "searched" or "unreachable".
	Files string `json:"files,omitempty"`
	Note  string `json:"note,omitempty"`

	Seconds   float64          `json:"seconds,omitempty"`   // that the step took; in StepCompleted, that all did
	Durations map[Step]float64 `json:"durations,omitempty"` // in StepCompleted: seconds by step

	Previous string `json:"previous"`       // the Hash of the entry before; of the first, 64 zeros
	Hash     string `json:"hash,omitempty"` // stands last
}

const (
	// maxLine bounds a line of the log, in bytes, its end of line included.
	maxLine = 1 << 16
	hashLen = 2 * sha256.Size
)

// firstPrevious is what the first entry has for the hash of the one before.
var firstPrevious = strings.Repeat("0", hashLen)

// canonical returns the one encoding of an entry without its hash: JSON without
// spaces, the fields in the order of Entry, those that are empty left out, the
// keys of an object sorted, times in RFC 3339 and UTC, characters as they are
// but for those that JSON itself escapes.
func (e Entry) canonical() ([]byte, error) {
	e.Hash = ""
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(e); err != nil {
		return nil, fmt.Errorf("purge-log entry as JSON: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// line returns the entry with its hash, and its line without the end of line.
//
// The hash is SHA-256 over the canonical encoding. In the line it stands last,
// so it can be checked without this program: take `,"hash":"…"` off the line,
// leave the closing brace, and hash what remains.
func (e Entry) line() (Entry, []byte, error) {
	body, err := e.canonical()
	if err != nil {
		return e, nil, err
	}
	sum := sha256.Sum256(body)
	e.Hash = hex.EncodeToString(sum[:])
	line := fmt.Appendf(body[:len(body)-1], `,"hash":"%s"}`, e.Hash)
	if len(line) >= maxLine {
		return e, nil, fmt.Errorf("purge-log entry of %d bytes is too long", len(line))
	}
	return e, line, nil
}

// Line returns the entry as it stands in the log, without the end of line.
func (e Entry) Line() (string, error) {
	_, line, err := e.line()
	return string(line), err
}

// parseEntry reads a line of the log, without the end of line. Only the very
// bytes that line makes are taken, so that no byte of a log can change unseen.
// The texts of its errors fit behind "entry 4: ".
func parseEntry(line []byte) (Entry, error) {
	var e Entry
	dec := json.NewDecoder(bytes.NewReader(line))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&e); err != nil {
		return Entry{}, errors.New("it is not an entry in JSON")
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return Entry{}, errors.New("something stands behind it on its line")
	}
	again, want, err := e.line()
	if err != nil {
		return Entry{}, errors.New("it is not an entry in JSON")
	}
	if again.Hash != e.Hash {
		return Entry{}, errors.New("its hash is not that of its contents")
	}
	if !bytes.Equal(line, want) {
		return Entry{}, errors.New("it is not written the one way that entries are written")
	}
	return e, nil
}
