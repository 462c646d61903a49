package store

import (
	"context"
	"fmt"

	"cultuurdag/crypto"
	"cultuurdag/enroll"
)

// printedScript: KEYS event, printed; ARGV now, offset; answers HGETALL printed.
var printedScript = gated(`
local shut = gate()
if shut ~= '' then return {shut} end
return {'', redis.call('HGETALL', KEYS[2])}
`)

// ChangedSlips returns the login codes, by student id, that stand on no slip
// that MarkSlips was told of: those of new students, and new codes of others.
func (s *Store) ChangedSlips(ctx context.Context, event string) (map[string]crypto.Code, error) {
	codes, err := s.Codes(ctx, event)
	if err != nil {
		return nil, err
	}
	k := keysOf(event)
	reply, err := s.run(ctx, printedScript, []string{k.event, k.printed})
	if err != nil {
		return nil, err
	}
	keys, err := s.keysFor(event)
	if err != nil {
		return nil, err
	}
	flat := reply[0].([]any)
	for i := 0; i+1 < len(flat); i += 2 {
		id := fmt.Sprint(flat[i])
		if code, ok := codes[id]; ok && keys.LoginMAC(code) == fmt.Sprint(flat[i+1]) {
			delete(codes, id)
		}
	}
	return codes, nil
}

// markSlipsScript: KEYS event, printed, codes; ARGV now, offset, then for each
// slip: student, HMAC of the code. Of who was erased meanwhile nothing is kept.
var markSlipsScript = gated(`
local shut = gate()
if shut ~= '' then return {shut} end
for i = 3, #ARGV, 2 do
  if redis.call('HEXISTS', KEYS[3], ARGV[i]) == 1 then redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1]) end
end
return {''}
`)

// MarkSlips notes that slips with these codes, by student id, are handed out.
func (s *Store) MarkSlips(ctx context.Context, event string, codes map[string]crypto.Code) error {
	keys, err := s.keysFor(event)
	if err != nil {
		return err
	}
	args := make([]any, 0, 2*len(codes))
	for id, code := range codes {
		mac := keys.LoginMAC(code)
		if mac == "" {
			return enroll.ErrPurged
		}
		args = append(args, id, mac)
	}
	k := keysOf(event)
	_, err = s.run(ctx, markSlipsScript, []string{k.event, k.printed, k.codes}, args...)
	return err
}
