package purge

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"cultuurdag/crypto"
)

// tampering changes a log, whose entries are given too, and returns other bytes.
type tampering struct {
	name string
	do   func(t *testing.T, r *rand.Rand, data []byte, entries []Entry) []byte
}

// between returns a random number from a to b-1.
func between(r *rand.Rand, a, b int) int { return a + r.IntN(b-a) }

func lines(data []byte) [][]byte {
	all := bytes.SplitAfter(data, []byte("\n"))
	return all[:len(all)-1]
}

var tamperings = []tampering{
	{"flip a bit", func(_ *testing.T, r *rand.Rand, data []byte, _ []Entry) []byte {
		data[r.IntN(len(data))] ^= 1 << r.IntN(8)
		return data
	}},
	{"change a byte", func(_ *testing.T, r *rand.Rand, data []byte, _ []Entry) []byte {
		data[r.IntN(len(data))] += byte(between(r, 1, 256))
		return data
	}},
	{"delete a byte", func(_ *testing.T, r *rand.Rand, data []byte, _ []Entry) []byte {
		i := r.IntN(len(data))
		return slices.Delete(data, i, i+1)
	}},
	{"insert a byte", func(_ *testing.T, r *rand.Rand, data []byte, _ []Entry) []byte {
		return slices.Insert(data, r.IntN(len(data)+1), byte(r.IntN(256)))
	}},
	{"write a field's name with a capital", func(_ *testing.T, r *rand.Rand, data []byte, _ []Entry) []byte {
		all := lines(data)
		i := r.IntN(len(all))
		all[i] = bytes.Replace(all[i], []byte(`"event"`), []byte(`"Event"`), 1)
		return bytes.Join(all, nil)
	}},
	{"insert a space between fields", func(_ *testing.T, r *rand.Rand, data []byte, _ []Entry) []byte {
		all := lines(data)
		i := r.IntN(len(all))
		all[i] = bytes.Replace(all[i], []byte(`,`), []byte(`, `), 1)
		return bytes.Join(all, nil)
	}},
	{"cut the end", func(_ *testing.T, r *rand.Rand, data []byte, _ []Entry) []byte {
		return data[:r.IntN(len(data))]
	}},
	{"cut at an end of line", func(_ *testing.T, r *rand.Rand, data []byte, _ []Entry) []byte {
		all := lines(data)
		return bytes.Join(all[:r.IntN(len(all))], nil)
	}},
	{"delete entries", func(_ *testing.T, r *rand.Rand, data []byte, _ []Entry) []byte {
		all := lines(data)
		i := r.IntN(len(all))
		return bytes.Join(slices.Delete(all, i, between(r, i+1, len(all)+1)), nil)
	}},
	{"swap two entries", func(_ *testing.T, r *rand.Rand, data []byte, _ []Entry) []byte {
		all := lines(data)
		i := r.IntN(len(all))
		j := (i + between(r, 1, len(all))) % len(all)
		all[i], all[j] = all[j], all[i]
		return bytes.Join(all, nil)
	}},
	{"insert an entry twice", func(_ *testing.T, r *rand.Rand, data []byte, _ []Entry) []byte {
		all := lines(data)
		return bytes.Join(slices.Insert(all, r.IntN(len(all)+1), all[r.IntN(len(all))]), nil)
	}},
	{"change an entry and its hash", func(t *testing.T, r *rand.Rand, data []byte, entries []Entry) []byte {
		all, i := lines(data), r.IntN(len(entries))
		e := entries[i]
		e.At = e.At.Add(-24 * time.Hour)
		_, line, err := e.line()
		if err != nil {
			t.Fatal(err)
		}
		all[i] = append(line, '\n')
		return bytes.Join(all, nil)
	}},
	{"change an entry and write the chain anew", func(t *testing.T, r *rand.Rand, _ []byte, entries []Entry) []byte {
		entries[r.IntN(len(entries))].At = day.AddDate(0, 0, -1)
		return rechain(t, entries)
	}},
	{"delete an entry and write the chain anew", func(t *testing.T, r *rand.Rand, _ []byte, entries []Entry) []byte {
		i := r.IntN(len(entries))
		return rechain(t, slices.Delete(entries, i, i+1))
	}},
	{"insert an entry and write the chain anew", func(t *testing.T, r *rand.Rand, _ []byte, entries []Entry) []byte {
		e := entries[r.IntN(len(entries))]
		e.Event = "invented"
		return rechain(t, slices.Insert(entries, r.IntN(len(entries)), e))
	}},
	{"roll back and go on otherwise", func(t *testing.T, r *rand.Rand, _ []byte, entries []Entry) []byte {
		n := r.IntN(len(entries))
		for i := n; i < len(entries); i++ {
			entries[i].Event = "invented"
		}
		return rechain(t, entries)
	}},
}

func TestThreeHundredTamperingsAreFound(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	l := newLog(t)
	fill(t, l, 5)
	data, public := contents(t, l.path), l.Public()
	head := contents(t, CheckpointPath(l.path))
	if err := Verify(bytes.NewReader(data), public, head); err != nil {
		t.Fatalf("the log as it was written: %v", err)
	}
	for i := range 300 {
		test := tamperings[i%len(tamperings)]
		entries, err := l.Entries()
		if err != nil {
			t.Fatal(err)
		}
		changed := test.do(t, r, bytes.Clone(data), entries)
		if bytes.Equal(changed, data) {
			t.Fatalf("seed %d, tampering %d, %s: it changes nothing", seed, i, test.name)
		}
		err = Verify(bytes.NewReader(changed), public, head)
		if !errors.Is(err, ErrTampered) || !strings.Contains(err.Error(), "entry ") {
			t.Errorf("seed %d, tampering %d, %s: %v", seed, i, test.name, err)
		}
	}
}

// A school keeps the checkpoint that it was sent; the log grew since.
func TestOlderCheckpointHoldsTheLogToWhatItCovers(t *testing.T) {
	l := newLog(t)
	fill(t, l, 2)
	school, err := l.Checkpoint()
	if err != nil {
		t.Fatal(err)
	}
	fill(t, l, 3)
	data := contents(t, l.path)
	if err := Verify(bytes.NewReader(data), l.Public(), school, contents(t, CheckpointPath(l.path))); err != nil {
		t.Errorf("a log that grew: %v", err)
	}
	entries, err := l.Entries()
	if err != nil {
		t.Fatal(err)
	}
	entries[11].Note = "invented" // the last that the school's checkpoint covers
	err = Verify(bytes.NewReader(rechain(t, entries)), l.Public(), school)
	if !errors.Is(err, ErrTampered) || !strings.Contains(err.Error(), "entry 12") {
		t.Errorf("a log written anew: %v", err)
	}
	if err := Verify(bytes.NewReader(rechain(t, entries)), l.Public()); err != nil {
		t.Errorf("without a checkpoint, which is what shows it: %v", err)
	}
}

// Without a checkpoint the chain alone has to hold.
func TestEntryWithAnotherNumberIsFoundWithoutACheckpoint(t *testing.T) {
	l := newLog(t)
	last, err := l.Append(Entry{Event: "e", Step: StepStarted, At: day})
	if err != nil {
		t.Fatal(err)
	}
	_, line, err := Entry{Seq: 3, Event: "e", Step: StepCompleted, At: day, Previous: last.Hash}.line()
	if err != nil {
		t.Fatal(err)
	}
	data := append(append(contents(t, l.path), line...), '\n')
	if err := Verify(bytes.NewReader(data), l.Public()); !errors.Is(err, ErrTampered) || !strings.Contains(err.Error(), "entry 2") {
		t.Errorf("a gap in the numbers: %v", err)
	}
}

func TestCheckpointsThatAreNone(t *testing.T) {
	l := newLog(t)
	fill(t, l, 1)
	good := contents(t, CheckpointPath(l.path))
	other := newLog(t)
	fill(t, other, 1)
	sign := func(text string) []byte {
		signed, err := l.key.Sign(text)
		if err != nil {
			t.Fatal(err)
		}
		return signed
	}
	for _, test := range []struct {
		name   string
		public string
		note   []byte
		want   error
	}{
		{"of another key", l.Public(), contents(t, CheckpointPath(other.path)), crypto.ErrNote},
		{"with another number", l.Public(), bytes.Replace(good, []byte("\n6\n"), []byte("\n5\n"), 1), crypto.ErrNote},
		{"nothing", l.Public(), nil, crypto.ErrNote},
		{"a key that is none", "public", good, crypto.ErrLogKey},
		{"of something else", l.Public(), sign("test invoices\n0\n" + strings.Repeat("A", 43) + "=\n"), nil},
		{"without a number", l.Public(), sign("test purge log\nsix\n" + strings.Repeat("A", 43) + "=\n"), nil},
		{"with a negative number", l.Public(), sign("test purge log\n-1\n" + strings.Repeat("A", 43) + "=\n"), nil},
		{"without a hash", l.Public(), sign("test purge log\n6\nAAAA\n"), nil},
		{"with a line more", l.Public(), sign("test purge log\n0\n" + strings.Repeat("A", 43) + "=\nmore\n"), nil},
	} {
		err := Verify(bytes.NewReader(contents(t, l.path)), test.public, test.note)
		if err == nil || test.want != nil && !errors.Is(err, test.want) {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

func FuzzEntry(f *testing.F) {
	l := newLog(f)
	fill(f, l, 1)
	if _, err := l.Append(Entry{Event: "e", Step: StepDeadlineChanged, At: day, From: day, To: day}); err != nil {
		f.Fatal(err)
	}
	for _, line := range lines(contents(f, l.path)) {
		f.Add(bytes.TrimSuffix(line, []byte("\n")))
	}
	f.Add([]byte(`{}`))
	f.Add([]byte(`{"seq":1,"at":"0001-01-01T00:00:00Z","event":"\u0000","step":"","previous":"","hash":""}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		// Once as it is, and once with the hash that fits, which no fuzzer guesses.
		body, _, _ := strings.Cut(string(line), `,"hash":"`)
		body = strings.TrimSuffix(body, "}")
		sum := sha256.Sum256([]byte(body + "}"))
		for _, line := range []string{string(line), fmt.Sprintf(`%s,"hash":"%x"}`, body, sum)} {
			e, err := parseEntry([]byte(line))
			if err != nil {
				if strings.Contains(err.Error(), "\n") {
					t.Errorf("an error of more lines: %q", err)
				}
				continue
			}
			again, err := e.Line()
			if err != nil || again != line {
				t.Errorf("%q is read, but written %q, %v", line, again, err)
			}
		}
	})
}
