package store

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"cultuurdag/crypto"
	"cultuurdag/enroll"
)

// Invitations go out in batches, one each time that somebody at the school asks
// for it. In Redis an invitation is named by the ids of its batch and student;
// addresses are in the students' sealed records alone.
//
//	queued -> sending -> sent | failed | unsure
//
// A mail is handed over only by who moved it from queued to sending, so that
// nobody gets it twice. What is found sending after its sender was killed may
// have been handed over or not: it is never sent again by itself.

// To whom a batch goes.
const (
	InviteAll         = "all"
	InviteClass       = "class"       // one class
	InviteUnfinished  = "unfinished"  // who has not a place in every round yet
	InviteUndelivered = "undelivered" // whom an earlier batch did not reach, or perhaps not
)

// recordInvites is the kind of the sealed records of batches.
const recordInvites = "invites"

// InviteBatch is one sending of invitations.
type InviteBatch struct {
	ID      string    `json:"id"`
	At      time.Time `json:"at"`
	To      string    `json:"to"`              // InviteAll …
	Class   string    `json:"class,omitempty"` // with InviteClass
	Earlier string    `json:"earlier,omitempty"`
	By      string    `json:"by"`                        // id of the account that asked for it
	Without int       `json:"without_address,omitempty"` // students it was meant for, but who have no address
}

// InviteState tells how an invitation stands.
type InviteState string

// The states of an invitation.
const (
	InviteQueued  InviteState = "queued"
	InviteSending InviteState = "sending"
	InviteSent    InviteState = "sent" // the mail server took it
	InviteFailed  InviteState = "failed"
	InviteUnsure  InviteState = "unsure" // it may have been handed over or not
)

// senderPatience is how long an invitation that is being handed over may take: a
// mail server is given twenty seconds for each answer. After that its sender is
// taken to be gone.
const senderPatience = 2 * time.Minute

// Invitation is how the invitation of one student stands.
type Invitation struct {
	State InviteState
	Code  int // of the mail server's refusal; 0 where there was none
}

// Invited is a batch with how it stands, by student id.
type Invited struct {
	InviteBatch
	Students map[string]Invitation
}

// Count returns how many invitations are in that state.
func (i Invited) Count(state InviteState) (n int) {
	for _, one := range i.Students {
		if one.State == state {
			n++
		}
	}
	return n
}

// mailableLua begins, after gateLua, what puts a mail on its way: enrolment has
// not closed, and the event goes on.
const mailableLua = `
local function mailable()
  return (ev[3] == 'draft' or ev[3] == 'open') and now < tonumber(ev[5])
end
`

// inviteScript: KEYS event, invites, invited, mailing, students;
// ARGV now, offset, number of batches seen (-1: any), batch, sealed batch, student
// ids. Of who was erased meanwhile nothing is kept.
var inviteScript = gated(mailableLua + `
local shut = gate()
if shut ~= '' then return {shut} end
if not mailable() then return {'wrong_state'} end
if ARGV[3] ~= '-1' and redis.call('HLEN', KEYS[2]) ~= tonumber(ARGV[3]) then return {'conflict'} end
redis.call('HSET', KEYS[2], ARGV[4], ARGV[5])
for i = 6, #ARGV do
  if redis.call('HEXISTS', KEYS[5], ARGV[i]) == 1 then redis.call('HSET', KEYS[3], ARGV[4] .. '|' .. ARGV[i], 'queued') end
end
redis.call('HSET', KEYS[4], ARGV[4], '0:0')
return {''}
`)

// Invite queues invitations to these students, as ids, and returns the batch
// with its id and time. seen is how many batches there were when it was asked
// for, or -1: with another number it is ErrConflict, so that a button that was
// pressed twice sends once. ErrState where enrolment has closed or the event was
// cancelled.
func (s *Store) Invite(ctx context.Context, event string, b InviteBatch, seen int, students []string) (InviteBatch, error) {
	keys, err := s.keysFor(event)
	if err != nil {
		return b, err
	}
	b.ID, b.At = crypto.NewID(), s.clock.Now()
	data, err := json.Marshal(b)
	if err != nil {
		return b, fmt.Errorf("batch of invitations: %w", err)
	}
	sealed, err := seal(keys, recordInvites, b.ID, 1, data)
	if err != nil {
		return b, err
	}
	args := []any{seen, b.ID, sealed}
	for _, id := range students {
		args = append(args, id)
	}
	k := keysOf(event)
	_, err = s.run(ctx, inviteScript, []string{k.event, k.invites, k.invited, k.mailing, k.students}, args...)
	return b, err
}

// invitedScript: KEYS event, invites, invited; ARGV now, offset; answers HGETALL of both.
var invitedScript = gated(`
local shut = gate()
if shut ~= '' then return {shut} end
return {'', redis.call('HGETALL', KEYS[2]), redis.call('HGETALL', KEYS[3])}
`)

// Invitations returns every batch of the event, the newest first.
func (s *Store) Invitations(ctx context.Context, event string) ([]Invited, error) {
	k := keysOf(event)
	reply, err := s.run(ctx, invitedScript, []string{k.event, k.invites, k.invited})
	if err != nil {
		return nil, err
	}
	keys, err := s.keysFor(event)
	if err != nil {
		return nil, err
	}
	byID := map[string]*Invited{}
	batches := reply[0].([]any)
	for i := 0; i+1 < len(batches); i += 2 {
		b, err := openBatch(keys, fmt.Sprint(batches[i]), fmt.Sprint(batches[i+1]))
		if err != nil {
			return nil, err
		}
		byID[b.ID] = &Invited{b, map[string]Invitation{}}
	}
	states := reply[1].([]any)
	for i := 0; i+1 < len(states); i += 2 {
		batch, student, _ := strings.Cut(fmt.Sprint(states[i]), "|")
		if b := byID[batch]; b != nil {
			b.Students[student] = s.invitation(fmt.Sprint(states[i+1]))
		}
	}
	list := make([]Invited, 0, len(byID))
	for _, b := range byID {
		list = append(list, *b)
	}
	slices.SortFunc(list, func(a, b Invited) int {
		if c := b.At.Compare(a.At); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	return list, nil
}

func openBatch(keys *crypto.EventKeys, id, sealed string) (InviteBatch, error) {
	data, _, err := open(keys, recordInvites, id, []byte(sealed))
	if err != nil {
		return InviteBatch{}, fmt.Errorf("batch %s of invitations: %w", id, err)
	}
	var b InviteBatch
	if err := json.Unmarshal(data, &b); err != nil {
		return InviteBatch{}, fmt.Errorf("batch %s of invitations is not JSON", id)
	}
	b.At = b.At.In(enroll.Amsterdam)
	return b, nil
}

// invitation reads a state as it stands in Redis.
func (s *Store) invitation(field string) Invitation {
	state, value, _ := strings.Cut(field, ":")
	i := Invitation{State: InviteState(state)}
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil {
		return i // has no number
	}
	switch {
	case i.State == InviteFailed:
		i.Code = int(n)
	case i.State == InviteSending && s.clock.Now().Sub(time.UnixMilli(n)) > senderPatience:
		i.State = InviteUnsure
	}
	return i
}

// batchScript: KEYS event, invites; ARGV now, offset, batch; answers the sealed batch.
var batchScript = gated(`
local shut = gate()
if shut ~= '' then return {shut} end
return {'', redis.call('HGET', KEYS[2], ARGV[3])}
`)

// InviteBatch returns one batch, or ErrNotFound.
func (s *Store) InviteBatch(ctx context.Context, event, batch string) (InviteBatch, error) {
	k := keysOf(event)
	reply, err := s.run(ctx, batchScript, []string{k.event, k.invites}, batch)
	if err != nil {
		return InviteBatch{}, err
	}
	sealed, ok := reply[0].(string)
	if !ok {
		return InviteBatch{}, enroll.ErrNotFound
	}
	keys, err := s.keysFor(event)
	if err != nil {
		return InviteBatch{}, err
	}
	return openBatch(keys, batch, sealed)
}

// Mailing is a batch of which something is queued.
type Mailing struct {
	Batch    string
	Attempts int       // that left something queued
	NotUntil time.Time // before which it waits
}

// mailingScript: KEYS event, mailing; ARGV now, offset; answers HGETALL mailing.
var mailingScript = gated(`
local shut = gate()
if shut ~= '' then return {shut} end
return {'', redis.call('HGETALL', KEYS[2])}
`)

// Mailings returns the batches that are not finished. One round trip.
func (s *Store) Mailings(ctx context.Context, event string) ([]Mailing, error) {
	k := keysOf(event)
	reply, err := s.run(ctx, mailingScript, []string{k.event, k.mailing})
	if err != nil {
		return nil, err
	}
	var list []Mailing
	flat := reply[0].([]any)
	for i := 0; i+1 < len(flat); i += 2 {
		attempts, until, _ := strings.Cut(fmt.Sprint(flat[i+1]), ":")
		n, errN := strconv.Atoi(attempts)
		ms, errMS := strconv.ParseInt(until, 10, 64)
		if err := errors.Join(errN, errMS); err != nil {
			return nil, fmt.Errorf("attempts at a batch: %w", err)
		}
		list = append(list, Mailing{fmt.Sprint(flat[i]), n, time.UnixMilli(ms)})
	}
	return list, nil
}

// LeaseMail makes sure that one worker at a time sends the event's invitations:
// ErrBusy while another does, else a function that gives the lease up. It keeps
// the pace; that nobody gets a mail twice is up to ClaimInvitation.
func (s *Store) LeaseMail(ctx context.Context, event string) (release func(), err error) {
	return s.lock(ctx, keysOf(event).posted)
}

// queuedScript: KEYS event, invited; ARGV now, offset, batch; answers the ids of
// the students whose invitation is queued.
var queuedScript = gated(`
local shut = gate()
if shut ~= '' then return {shut} end
local all, found, prefix = redis.call('HGETALL', KEYS[2]), {}, ARGV[3] .. '|'
for i = 1, #all, 2 do
  if all[i + 1] == 'queued' and string.sub(all[i], 1, #prefix) == prefix then
    found[#found + 1] = string.sub(all[i], #prefix + 1)
  end
end
return {'', found}
`)

// QueuedInvitations returns the ids of the students whose invitation in that
// batch is queued.
func (s *Store) QueuedInvitations(ctx context.Context, event, batch string) ([]string, error) {
	k := keysOf(event)
	reply, err := s.run(ctx, queuedScript, []string{k.event, k.invited}, batch)
	if err != nil {
		return nil, err
	}
	found := reply[0].([]any)
	ids := make([]string, len(found))
	for i, id := range found {
		ids[i] = fmt.Sprint(id)
	}
	return ids, nil
}

// claimScript: KEYS event, invited, students, codes; ARGV now, offset, batch, student;
// answers the student's sealed record and login code, or nothing where the
// invitation is not queued any more.
var claimScript = gated(mailableLua + `
local shut = gate()
if shut ~= '' then return {shut} end
if not mailable() then return {'closed'} end
local field = ARGV[3] .. '|' .. ARGV[4]
if redis.call('HGET', KEYS[2], field) ~= 'queued' then return {''} end -- guard: once
local record, code = redis.call('HGET', KEYS[3], ARGV[4]), redis.call('HGET', KEYS[4], ARGV[4])
if not record or not code then
  redis.call('HDEL', KEYS[2], field)
  return {''}
end
redis.call('HSET', KEYS[2], field, 'sending:' .. ARGV[1])
return {'', record, code}
`)

// ClaimInvitation moves an invitation from queued to sending and returns the
// student and the login code: who gets ok may hand the mail over, and nobody
// else may, ever. The invitation of a student who was erased is dropped.
// ErrClosed where enrolment has closed or the event was cancelled.
func (s *Store) ClaimInvitation(ctx context.Context, event, batch, student string) (st enroll.Student, code crypto.Code, ok bool, err error) {
	k := keysOf(event)
	reply, err := s.run(ctx, claimScript, []string{k.event, k.invited, k.students, k.codes}, batch, student)
	if err != nil || len(reply) == 0 {
		return st, "", false, err
	}
	keys, err := s.keysFor(event)
	if err != nil {
		return st, "", false, err
	}
	record, err := openStudent(keys, student, []byte(fmt.Sprint(reply[0])))
	if err != nil {
		return st, "", false, err
	}
	opened, _, err := open(keys, recordCode, student, []byte(fmt.Sprint(reply[1])))
	if err != nil {
		return st, "", false, err
	}
	return record.Student, crypto.Code(opened), true, nil
}

// settleScript: KEYS event, invited; ARGV now, offset, batch, student, state.
var settleScript = gated(`
local shut = gate()
if shut ~= '' then return {shut} end
local field = ARGV[3] .. '|' .. ARGV[4]
if string.sub(redis.call('HGET', KEYS[2], field) or '', 1, 8) ~= 'sending:' then return {'conflict'} end
redis.call('HSET', KEYS[2], field, ARGV[5])
return {''}
`)

// SettleInvitation notes what became of an invitation that the caller claimed.
// Queued means that it was certainly not handed over and may be tried again.
func (s *Store) SettleInvitation(ctx context.Context, event, batch, student string, i Invitation) error {
	state := string(i.State)
	if i.State == InviteFailed {
		state += ":" + strconv.Itoa(i.Code)
	}
	k := keysOf(event)
	_, err := s.run(ctx, settleScript, []string{k.event, k.invited}, batch, student, state)
	return err
}

// restScript: KEYS event, invited, mailing; ARGV now, offset, batch, what to do
// with what is queued: give up (1) or keep (0), and then the attempts and ms
// before which the batch waits; answers how many are queued still.
var restScript = gated(`
local shut = gate()
if shut ~= '' then return {shut} end
local all, left, prefix = redis.call('HGETALL', KEYS[2]), 0, ARGV[3] .. '|'
for i = 1, #all, 2 do
  if all[i + 1] == 'queued' and string.sub(all[i], 1, #prefix) == prefix then
    if ARGV[4] == '1' then
      redis.call('HSET', KEYS[2], all[i], 'failed:0')
    else
      left = left + 1
    end
  end
end
if left == 0 then
  redis.call('HDEL', KEYS[3], ARGV[3])
elseif redis.call('HEXISTS', KEYS[3], ARGV[3]) == 1 then
  redis.call('HSET', KEYS[3], ARGV[3], ARGV[5] .. ':' .. ARGV[6])
end
return {'', left}
`)

// FinishMailing ends an attempt at a batch and returns how many invitations are
// queued still. With none the batch is finished; else it waits until that
// moment.
func (s *Store) FinishMailing(ctx context.Context, event string, m Mailing) (left int, err error) {
	return s.rest(ctx, event, m, false)
}

// GiveUpMailing finishes a batch: what is queued still has failed.
func (s *Store) GiveUpMailing(ctx context.Context, event, batch string) error {
	_, err := s.rest(ctx, event, Mailing{Batch: batch}, true)
	return err
}

func (s *Store) rest(ctx context.Context, event string, m Mailing, giveUp bool) (int, error) {
	k := keysOf(event)
	reply, err := s.run(ctx, restScript, []string{k.event, k.invited, k.mailing},
		m.Batch, flag(giveUp), m.Attempts, m.NotUntil.UnixMilli())
	if err != nil {
		return 0, err
	}
	left, ok := reply[0].(int64)
	if !ok {
		return 0, fmt.Errorf("a script answered %T for a count", reply[0])
	}
	return int(left), nil
}

// SchoolContact returns whom the school's students may ask: the contact with
// that account id, else the school's first contact; the zero account where it
// has none.
func (s *Store) SchoolContact(ctx context.Context, school, account string) (enroll.Account, error) {
	contacts, err := s.Accounts(ctx, func(a enroll.Account) bool { return a.Role == enroll.Contact && a.School == school })
	if err != nil || len(contacts) == 0 {
		return enroll.Account{}, err
	}
	if i := slices.IndexFunc(contacts, func(a enroll.Account) bool { return a.ID == account }); i >= 0 {
		return contacts[i], nil
	}
	return slices.MinFunc(contacts, func(a, b enroll.Account) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID))
	}), nil
}
