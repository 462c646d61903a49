package store

import "slices"

// Every key of the application in Redis, with its type and what deletes it.
// asynq's own keys begin with "asynq:".
//
// Kept for good, nothing personal of a student:
const (
	keyEvents   = "cd:events"   // SET of event ids
	keyCodes    = "cd:codes"    // HASH four public characters of a login code -> event id; never used twice
	keySchools  = "cd:schools"  // HASH school id -> JSON
	keyAccounts = "cd:accounts" // HASH account id -> JSON; Contacts go with RemoveAccount
	keyEmails   = "cd:emails"   // HASH e-mail -> account id; goes with the account
	keyTokens   = "cd:tokens"   // HASH SHA-256 of an API token -> account id
	keyAudit    = "cd:audit"    // STREAM who looked at, changed or downloaded what; TrimAudit, two years after
	keyPurgeLog = "cd:purgelog" // LIST a copy of the purge log; the file is the truth
)

// Gone by time-to-live, at most the time named:
func keyInvitation(hash string) string { return "cd:invitation:" + hash } // STRING account id, ":", generation of its password; 7 days
func keyRate(bucket, who string) string { // STRING count; an hour
	return "cd:rate:" + bucket + ":" + who
}

// StaffSessions begins the keys of staff's login sessions (STRING; 12 hours).
const StaffSessions = "cd:staff:"

// The keys of one event. The braces are Redis Cluster's hash tag: one event
// lies in one slot, so that a script may touch all of its keys.
type eventKeys struct {
	// Kept: under k.
	event     string // HASH json, state, open, close, ranks, deadline, mark, version, programme, revision, listed, students, lists, erased, letters
	programme string // STRING JSON
	seats     string // HASH w3:2 -> place of the workshop in the programme, ":", capacity
	steps     string // HASH step -> ms since when it makes no progress, {step}:done -> 7/15, {step}:failed -> ms; fields go as steps finish
	counts    string // STRING JSON what was destroyed, as numbers, and participants by workshop and year, none under five
	locked    string // STRING a random token: a class list is being read; goes by itself
	leased    string // STRING a random token: a step is being taken; goes by itself
	posted    string // STRING a random token: mail of the event is being sent; goes by itself
	planning  string // STRING a random token: proposals are being worked out; goes by itself
	letters   string // HASH account id -> how the certificate to it stands: sent, waits or failed, ":", code, ":", ms
	trouble   string // HASH code, since, at: what keeps the purge from going on; mailed: the day on which organisers were told; goes when it is complete

	// Personal: under p, deleted by the purge.
	students string // HASH student id -> sealed record
	masks    string // HASH student id -> which workshops the class may take, 1 or 0 each
	places   string // HASH {student id}:{round} -> how (c, p, a), ":", workshop id
	taken    string // HASH w3:2 -> places taken
	wishes   string // HASH student id -> workshop ids, the dearest first, joined by commas
	seen     string // HASH student id -> sealed enroll.Day: what they saw of their day last
	logins   string // HASH HMAC of a login code -> student id
	codes    string // HASH student id -> sealed login code
	sessions string // HASH SHA-256 of a session token -> student id, ":", ms at which it ends
	tokens   string // HASH student id -> their sessions, oldest first, joined by commas
	printed  string // HASH student id -> HMAC of the code on the slip that was downloaded last
	files    string // HASH rosters.pdf -> age file; made -> JSON when and from which revision
	prints   string // HASH now and {revision} -> age file of what the lists said, by ids; {revision}:{list} -> ms when that one was printed first
	proposed string // HASH fair, first, floor, what_if -> JSON; fair:plan … -> JSON places by student id; ask, asked, state, attempts: what is wanted
	runs     string // LIST run id, a space, JSON how a plan was worked out; a hundred at most
	inputs   string // HASH run id -> sealed, packed JSON that it was worked out from; goes with the run, or when a student is erased
	report   string // STRING JSON how the last allocation went; names students by id
	invites  string // HASH batch id -> sealed InviteBatch: when and to whom invitations were sent
	invited  string // HASH {batch id}|{student id} -> queued, sending:{ms}, sent, unsure or failed:{code}
	mailing  string // HASH batch id -> attempts so far, ":", ms before which it waits; fields go as batches finish
}

// personalPrefix begins every personal key of the event, and no other.
func personalPrefix(event string) string { return "cd:{" + event + "}:p:" }

// keyDraft is a class list that a member of staff is looking at and has not
// saved: STRING the event's tag, then the age file as it came in; an hour.
func keyDraft(event, account string) string { return personalPrefix(event) + "draft:" + account }

func keysOf(event string) eventKeys {
	k, p := "cd:{"+event+"}:k:", personalPrefix(event)
	return eventKeys{
		event:     k + "event",
		programme: k + "programme",
		seats:     k + "seats",
		steps:     k + "steps",
		counts:    k + "counts",
		locked:    k + "locked",
		leased:    k + "leased",
		posted:    k + "posted",
		planning:  k + "planning",
		letters:   k + "letters",
		trouble:   k + "trouble",
		students:  p + "students",
		masks:     p + "masks",
		places:    p + "places",
		taken:     p + "taken",
		wishes:    p + "wishes",
		seen:      p + "seen",
		logins:    p + "logins",
		codes:     p + "codes",
		sessions:  p + "sessions",
		tokens:    p + "tokens",
		printed:   p + "printed",
		files:     p + "files",
		prints:    p + "prints",
		report:    p + "report",
		proposed:  p + "proposed",
		runs:      p + "runs",
		inputs:    p + "inputs",
		invites:   p + "invites",
		invited:   p + "invited",
		mailing:   p + "mailing",
	}
}

// personal returns the registry of the event's personal keys.
func (k eventKeys) personal() []string {
	return slices.Concat(k.ofStudent(), k.naming(), []string{k.places, k.taken, k.logins, k.sessions, k.files, k.prints, k.invites, k.invited, k.mailing, k.runs, k.inputs})
}

// ofStudent returns the hashes in which a student's id is the name of a field:
// who is erased loses that field in each.
func (k eventKeys) ofStudent() []string {
	return []string{k.students, k.masks, k.wishes, k.seen, k.codes, k.tokens, k.printed}
}

// naming returns what names students by id somewhere in its JSON, strings or
// hashes of them: the id of who is erased is blotted out.
func (k eventKeys) naming() []string { return []string{k.report, k.proposed} }
