package store

import (
	"context"
	"errors"
	"time"

	"cultuurdag/enroll"
)

// draftLife is how long a list that was looked at and not saved is kept.
const draftLife = 55 * time.Minute

// putDraftScript: KEYS event, draft; ARGV now, offset, tag and age file, ms.
var putDraftScript = gated(`
local shut = gate()
if shut ~= '' then return {shut} end
redis.call('SET', KEYS[2], ARGV[3], 'PX', ARGV[4])
return {''}
`)

// PutDraft keeps a class list that the account looks at before saving it, as it
// came in: an age file. It goes with DropDraft, within the hour, or with the
// purge.
func (s *Store) PutDraft(ctx context.Context, event, account string, sealed []byte) error {
	keys, err := s.keysFor(event)
	if err != nil {
		return err
	}
	_, err = s.run(ctx, putDraftScript, []string{keysOf(event).event, keyDraft(event, account)},
		append(keys.Tag(), sealed...), draftLife.Milliseconds())
	return err
}

// draftScript: KEYS event, draft; ARGV now, offset; answers the draft.
var draftScript = gated(`
local shut = gate()
if shut ~= '' then return {shut} end
return {'', redis.call('GET', KEYS[2])}
`)

// Draft returns the age file that PutDraft kept, or ErrNotFound.
func (s *Store) Draft(ctx context.Context, event, account string) ([]byte, error) {
	reply, err := s.run(ctx, draftScript, []string{keysOf(event).event, keyDraft(event, account)})
	if err != nil {
		return nil, err
	}
	draft, ok := reply[0].(string)
	if !ok {
		return nil, enroll.ErrNotFound
	}
	keys, err := s.keysFor(event)
	if err != nil {
		return nil, err
	}
	if len(draft) < len(keys.Tag()) {
		return nil, errors.New("a draft without a tag")
	}
	return []byte(draft)[len(keys.Tag()):], nil
}

// DropDraft deletes the account's draft, if there is one.
func (s *Store) DropDraft(ctx context.Context, event, account string) error {
	return away(s.rdb.Unlink(ctx, keyDraft(event, account)).Err())
}
