package store

import (
	"context"
	"encoding/json"
	"errors"

	"cultuurdag/crypto"
	"cultuurdag/enroll"
)

const recordSeen = "seen"

// openSeen reads what sawScript kept; nil where that is nothing.
func openSeen(keys *crypto.EventKeys, student string, sealed []byte) (enroll.Day, error) {
	if len(sealed) == 0 {
		return nil, nil
	}
	data, _, err := open(keys, recordSeen, student, sealed)
	if err != nil {
		return nil, err
	}
	var day enroll.Day
	if err := json.Unmarshal(data, &day); err != nil {
		return nil, errors.New("the day that a student saw is not JSON")
	}
	return day, nil
}

// sealSeen is the other way round.
func sealSeen(keys *crypto.EventKeys, student string, day enroll.Day) ([]byte, error) {
	data, err := json.Marshal(day)
	if err != nil {
		return nil, errors.New("a day does not fit JSON")
	}
	return seal(keys, recordSeen, student, 1, data)
}

// sawScript: KEYS as viewLua; ARGV now, offset, SHA-256 of the token, student,
// the day sealed, first (1: only where none is kept).
var sawScript = gated(viewLua + `
local student, why = who()
if not student then return {why} end
if student ~= ARGV[4] then return {'signed_out'} end
if ev[3] ~= 'published' then return {'wrong_state'} end
redis.call(ARGV[6] == '1' and 'HSETNX' or 'HSET', KEYS[9], student, ARGV[5])
return {''}
`)

// Saw keeps that the student with that cookie, whose view it is, saw this day
// of theirs; with first only where no other is kept. ErrSignedOut, ErrPurged,
// ErrClock, or ErrState where the day is not published. One round trip.
func (s *Store) Saw(ctx context.Context, cookie string, view StudentView, day enroll.Day, first bool) error {
	event, token, ok := parseCookie(cookie)
	if !ok || event != view.Event.ID {
		return enroll.ErrSignedOut
	}
	keys, err := s.keysFor(event)
	if err != nil {
		return err
	}
	sealed, err := sealSeen(keys, view.Student.ID, day)
	if err != nil {
		return err
	}
	_, err = s.run(ctx, sawScript, keysOf(event).view(), crypto.HashToken(token), view.Student.ID, sealed, flag(first))
	return err
}
