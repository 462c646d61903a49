package store

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"cultuurdag/crypto"
	"cultuurdag/enroll"
)

// AddStudent adds one student by hand and returns them with their id.
// FieldErrors where something is wrong, among them a number that another
// student has ("number_taken").
func (s *Store) AddStudent(ctx context.Context, event string, st enroll.Student) (enroll.Student, error) {
	st.ID = ""
	err := s.changeOne(ctx, event, &st, func(c *listChange, keys *crypto.EventKeys, e enroll.Event, p enroll.Programme, _ stored) error {
		st.ID = crypto.NewID()
		return c.add(keys, p, st, crypto.NewCode(e.Code))
	})
	return st, err
}

// UpdateStudent corrects the student with st's id, who keeps code and choices.
// ErrNotFound, or FieldErrors as of AddStudent.
func (s *Store) UpdateStudent(ctx context.Context, event string, st enroll.Student) error {
	return s.changeOne(ctx, event, &st, func(c *listChange, keys *crypto.EventKeys, _ enroll.Event, p enroll.Programme, old stored) error {
		return c.change(keys, p, st, old.version+1)
	})
}

// EraseStudent erases one student: record, code, choices, wishes, login sessions
// and invitations go, and seats are free again. So do the overviews and the class
// lists that somebody looks at and has not saved, which may name them. The event
// counts who was erased; the purge log is written from that. ErrNotFound.
func (s *Store) EraseStudent(ctx context.Context, event, id string) error {
	for range 5 { // a class list may come in meanwhile
		err := s.eraseStudent(ctx, event, id)
		if errors.Is(err, enroll.ErrConflict) {
			continue
		}
		if err != nil {
			return err
		}
		drafts, err := s.personalKeys(ctx, keyDraft(event, "*"))
		if err != nil || len(drafts) == 0 {
			return err
		}
		return away(s.rdb.Unlink(ctx, drafts...).Err())
	}
	return enroll.ErrConflict
}

func (s *Store) eraseStudent(ctx context.Context, event, id string) error {
	codes, err := s.Codes(ctx, event)
	if err != nil {
		return err
	}
	code, ok := codes[id]
	if !ok {
		return enroll.ErrNotFound
	}
	keys, err := s.keysFor(event)
	if err != nil {
		return err
	}
	e, err := s.Event(ctx, event)
	if err != nil {
		return err
	}
	_, lists, err := s.readStudents(ctx, event)
	if err != nil {
		return err
	}
	return s.writeList(ctx, event, listChange{lists: lists, programme: e.Programme, removed: []any{id, keys.LoginMAC(code)}})
}

// changeOne checks st against the others and stores what do puts into the
// change; do gets the student with st's id as stored. An e-mail address is kept
// only where the event sends invitations.
func (s *Store) changeOne(ctx context.Context, event string, st *enroll.Student,
	do func(c *listChange, keys *crypto.EventKeys, e enroll.Event, p enroll.Programme, old stored) error,
) error {
	if err := st.Check(); err != nil {
		return err
	}
	e, err := s.Event(ctx, event)
	if err != nil {
		return err
	}
	if !e.Invitations {
		st.Email = ""
	}
	p, err := s.Programme(ctx, event)
	if err != nil {
		return err
	}
	known, lists, err := s.readStudents(ctx, event)
	if err != nil {
		return err
	}
	keys, err := s.keysFor(event)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(known, func(o stored) bool { return o.Number == st.Number && o.ID != st.ID }) {
		return enroll.FieldErrors{{Field: "number", Code: "number_taken"}}
	}
	var old stored
	if st.ID != "" {
		i := slices.IndexFunc(known, func(o stored) bool { return o.ID == st.ID })
		if i < 0 {
			return enroll.ErrNotFound
		}
		old = known[i]
	}
	c := listChange{lists: lists, programme: p.Version}
	if err := do(&c, keys, e, p, old); err != nil {
		return err
	}
	return s.writeList(ctx, event, c)
}

// newCodeScript: KEYS event, codes, logins, sessions, tokens;
// ARGV now, offset, student, HMAC of the old code, HMAC of the new, the new code sealed.
var newCodeScript = gated(`
local shut = gate()
if shut ~= '' then return {shut} end
if redis.call('HGET', KEYS[3], ARGV[4]) ~= ARGV[3] then return {'conflict'} end
redis.call('HDEL', KEYS[3], ARGV[4])
redis.call('HSET', KEYS[3], ARGV[5], ARGV[3])
redis.call('HSET', KEYS[2], ARGV[3], ARGV[6])
for token in string.gmatch(redis.call('HGET', KEYS[5], ARGV[3]) or '', '[^,]+') do redis.call('HDEL', KEYS[4], token) end
redis.call('HDEL', KEYS[5], ARGV[3])
return {''}
`)

// NewCode gives the student another login code; the old one and all login
// sessions end. ErrNotFound, or ErrConflict where the code was changed meanwhile.
func (s *Store) NewCode(ctx context.Context, event, id string) (crypto.Code, error) {
	codes, err := s.Codes(ctx, event)
	if err != nil {
		return "", err
	}
	old, ok := codes[id]
	if !ok {
		return "", enroll.ErrNotFound
	}
	keys, err := s.keysFor(event)
	if err != nil {
		return "", err
	}
	code := crypto.NewCode(old.Event())
	sealed, err := seal(keys, recordCode, id, 1, []byte(code))
	if err != nil {
		return "", err
	}
	k := keysOf(event)
	_, err = s.run(ctx, newCodeScript, []string{k.event, k.codes, k.logins, k.sessions, k.tokens}, id, keys.LoginMAC(old), keys.LoginMAC(code), sealed)
	if err != nil {
		return "", fmt.Errorf("new code: %w", err)
	}
	return code, nil
}
