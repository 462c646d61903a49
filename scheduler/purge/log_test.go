package purge

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"cultuurdag/crypto"
)

// newKey returns a key that signs as test.
func newKey(t testing.TB) *crypto.LogKey {
	t.Helper()
	secret, _, err := crypto.GenerateLogKey("test")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "log.key")
	if err := os.WriteFile(path, secret, 0o600); err != nil {
		t.Fatal(err)
	}
	key, err := crypto.LoadLogKey(path)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func open(t testing.TB, path string, key *crypto.LogKey) *Log {
	t.Helper()
	l, err := Open(path, key)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func newLog(t testing.TB) *Log {
	t.Helper()
	return open(t, filepath.Join(t.TempDir(), "purge.log"), newKey(t))
}

var day = time.Date(2026, 12, 5, 0, 0, 1, 0, time.UTC)

// fill appends the steps of that many purges.
func fill(t testing.TB, l *Log, events int) {
	t.Helper()
	for i := range events {
		for j, step := range steps {
			e := Entry{Event: fmt.Sprintf("event%d", i), Step: step, At: day.AddDate(0, 0, i).Add(time.Duration(j) * time.Second), Seconds: 0.25}
			if step == StepStarted {
				e.Counts = map[string]int{"students": 240, "codes": 240}
				e.Fingerprint = "0123456789abcdef"
			}
			if _, err := l.Append(e); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func contents(t testing.TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func write(t testing.TB, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestLogIsReadAgainAsItWasWritten(t *testing.T) {
	l := newLog(t)
	first, err := l.Append(Entry{Event: "e", Step: StepStarted, At: day.Add(time.Millisecond), Note: `<&> "é"`, Counts: map[string]int{"students": 1, "codes": 2}})
	if err != nil {
		t.Fatal(err)
	}
	if first.Seq != 1 || first.Previous != strings.Repeat("0", 64) || !first.At.Equal(day) {
		t.Errorf("first entry: %+v", first)
	}
	if _, err := l.Append(Entry{Event: "e", Step: StepDeadlineChanged, From: day, To: day.AddDate(0, 0, 1)}); err != nil {
		t.Fatal(err)
	}
	for name, log := range map[string]*Log{"same": l, "opened again": open(t, l.path, l.key)} {
		entries, err := log.Entries()
		if err != nil {
			t.Fatal(err)
		}
		if len(entries) != 2 || entries[0].Hash != first.Hash || entries[1].Previous != first.Hash || !entries[1].To.Equal(day.AddDate(0, 0, 1)) {
			t.Errorf("%s: %+v", name, entries)
		}
	}
}

// The hash can be checked with a shell, without this program.
func TestHashIsOverTheLineWithoutIt(t *testing.T) {
	l := newLog(t)
	fill(t, l, 1)
	for line := range strings.Lines(string(contents(t, l.path))) {
		line = strings.TrimSuffix(line, "\n")
		body, rest, ok := strings.Cut(line, `,"hash":"`)
		sum := sha256.Sum256([]byte(body + "}"))
		if want := hex.EncodeToString(sum[:]) + `"}`; !ok || rest != want {
			t.Errorf("%s\nhash and rest are %s, want %s", line, rest, want)
		}
	}
}

func TestAppendOnceTakesOneOfEachEventStepAndRound(t *testing.T) {
	l := newLog(t)
	for _, test := range []struct {
		entry Entry
		added bool
	}{
		{Entry{Event: "a", Step: StepCompleted}, true},
		{Entry{Event: "a", Step: StepCompleted}, false},
		{Entry{Event: "b", Step: StepCompleted}, true},
		{Entry{Event: "a", Step: StepStarted, Again: 1}, true},
		{Entry{Event: "a", Step: StepStarted, Again: 1}, false},
		{Entry{Event: "a", Step: StepStarted, Again: 2}, true},
	} {
		_, added, err := l.AppendOnce(test.entry)
		if err != nil || added != test.added {
			t.Errorf("%+v: added %v, %v", test.entry, added, err)
		}
	}
}

// Eight openings of one log, as eight processes have, append at the same time.
func TestManyAppendAtOnceAndTheChainHolds(t *testing.T) {
	l := newLog(t)
	var group sync.WaitGroup
	var mu sync.Mutex
	once := 0
	for i := range 8 {
		other := open(t, l.path, l.key)
		group.Go(func() {
			for j := range 5 {
				if _, err := other.Append(Entry{Event: fmt.Sprintf("e%d", i), Step: StepDeadlineChanged, At: day.Add(time.Duration(j) * time.Hour)}); err != nil {
					t.Error(err)
				}
			}
			_, added, err := other.AppendOnce(Entry{Event: "all", Step: StepCompleted})
			if err != nil {
				t.Error(err)
			}
			if added {
				mu.Lock()
				once++
				mu.Unlock()
			}
		})
	}
	group.Wait()
	entries, err := l.Entries()
	if err != nil || len(entries) != 8*5+1 || once != 1 {
		t.Fatalf("%d entries, added once %d times, %v", len(entries), once, err)
	}
	if err := Verify(bytes.NewReader(contents(t, l.path)), l.Public(), contents(t, CheckpointPath(l.path))); err != nil {
		t.Error(err)
	}
}

// A program that is stopped in the midst of writing leaves the beginning of a
// line, whichever; or, where the power failed, zeros.
func TestHalfALineIsCutOff(t *testing.T) {
	l := newLog(t)
	fill(t, l, 1)
	whole, signed := contents(t, l.path), contents(t, CheckpointPath(l.path))
	next, err := l.Append(Entry{Event: "next", Step: StepStarted, At: day})
	if err != nil {
		t.Fatal(err)
	}
	line := contents(t, l.path)[len(whole):]
	tails := [][]byte{make([]byte, 100)}
	for n := 1; n < len(line); n++ { // all but its end of line, at the most
		tails = append(tails, line[:n])
	}
	for _, tail := range tails {
		path := filepath.Join(t.TempDir(), "purge.log")
		write(t, path, append(bytes.Clone(whole), tail...))
		write(t, CheckpointPath(path), signed)
		if err := Verify(bytes.NewReader(contents(t, path)), l.Public()); !errors.Is(err, ErrTampered) {
			t.Fatalf("verify takes half a line: %v", err)
		}
		mended := open(t, path, l.key)
		if got := contents(t, path); !bytes.Equal(got, whole) {
			t.Fatalf("after %q: the log is\n%s", tail, got)
		}
		again, err := mended.Append(Entry{Event: "next", Step: StepStarted, At: day})
		if err != nil || again.Hash != next.Hash {
			t.Fatalf("after %q: %+v, %v", tail, again, err)
		}
	}
}

// The log of a running program is torn by another one that was killed.
func TestHalfALineOfAnotherProcessIsMendedByTheNextEntry(t *testing.T) {
	l := newLog(t)
	fill(t, l, 1)
	write(t, l.path, append(contents(t, l.path), `{"seq":7,"at":"2026`...))
	if entries, err := l.Entries(); err != nil || len(entries) != 6 {
		t.Fatalf("%d entries, %v", len(entries), err)
	}
	if e, err := l.Append(Entry{Event: "x", Step: StepStarted}); err != nil || e.Seq != 7 {
		t.Fatalf("%+v, %v", e, err)
	}
	if err := Verify(bytes.NewReader(contents(t, l.path)), l.Public(), contents(t, CheckpointPath(l.path))); err != nil {
		t.Error(err)
	}
}

func TestOpenRefuses(t *testing.T) {
	for _, test := range []struct {
		name   string
		tamper func(t *testing.T, l *Log)
	}{
		{"a log that was cut at an end of line", func(t *testing.T, l *Log) {
			lines := bytes.SplitAfter(contents(t, l.path), []byte("\n"))
			write(t, l.path, bytes.Join(lines[:3], nil))
		}},
		{"a log whose last end of line was cut off", func(t *testing.T, l *Log) {
			write(t, l.path, bytes.TrimSuffix(contents(t, l.path), []byte("\n")))
		}},
		{"a log that was removed", func(t *testing.T, l *Log) {
			if err := os.Remove(l.path); err != nil {
				t.Fatal(err)
			}
		}},
		{"a log with a changed byte", func(t *testing.T, l *Log) {
			write(t, l.path, bytes.Replace(contents(t, l.path), []byte("240"), []byte("239"), 1))
		}},
		{"a log that was written anew", func(t *testing.T, l *Log) {
			entries, err := l.Entries()
			if err != nil {
				t.Fatal(err)
			}
			entries[1].Note = "invented"
			write(t, l.path, rechain(t, entries))
		}},
		{"a log whose checkpoint was removed", func(t *testing.T, l *Log) {
			if err := os.Remove(CheckpointPath(l.path)); err != nil {
				t.Fatal(err)
			}
		}},
		{"an entry that nobody signed", forge},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := newLog(t)
			fill(t, l, 1)
			test.tamper(t, l)
			if _, err := Open(l.path, l.key); !errors.Is(err, ErrTampered) {
				t.Errorf("opened: %v", err)
			}
		})
	}
}

// rechain numbers the entries, computes every hash anew and returns the lines: a
// forgery that has no fault in itself.
func rechain(t testing.TB, entries []Entry) []byte {
	t.Helper()
	var b bytes.Buffer
	previous := firstPrevious
	for i, e := range entries {
		e.Seq, e.Previous = i+1, previous
		e, line, err := e.line()
		if err != nil {
			t.Fatal(err)
		}
		previous = e.Hash
		b.Write(append(line, '\n'))
	}
	return b.Bytes()
}

// forge appends an entry that fits the chain, as anybody can who may write the
// file but has not the key.
func forge(t *testing.T, l *Log) {
	t.Helper()
	entries, err := l.Entries()
	if err != nil {
		t.Fatal(err)
	}
	write(t, l.path, rechain(t, append(entries, Entry{Event: "invented", Step: StepCompleted, At: day})))
}

func TestAnEntryThatNobodySignedIsFound(t *testing.T) {
	l := newLog(t)
	fill(t, l, 1)
	forge(t, l)
	if err := Verify(bytes.NewReader(contents(t, l.path)), l.Public()); err != nil {
		t.Fatalf("the chain alone shows it, so this tests nothing: %v", err)
	}
	_, errAppend := l.Append(Entry{Event: "next", Step: StepStarted, At: day})
	_, errSign := l.Checkpoint()
	for name, err := range map[string]error{
		"verify":     VerifyFile(l.path, l.Public()),
		"check":      Check(l.path, l.key),
		"append":     errAppend,
		"checkpoint": errSign,
	} {
		if !errors.Is(err, ErrTampered) || !strings.Contains(err.Error(), "entry 7") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The program is killed after an entry was written, and before its checkpoint
// is the newest; or before it was written, when it was signed already.
func TestKilledBetweenSigningAndWriting(t *testing.T) {
	l := newLog(t)
	fill(t, l, 1)
	whole, before := contents(t, l.path), contents(t, CheckpointPath(l.path))
	if _, err := l.Append(Entry{Event: "next", Step: StepStarted, At: day}); err != nil {
		t.Fatal(err)
	}
	after := contents(t, CheckpointPath(l.path))
	for name, log := range map[string][]byte{"written": contents(t, l.path), "not written": whole} {
		path := filepath.Join(t.TempDir(), "purge.log")
		write(t, path, log)
		write(t, CheckpointPath(path), before)
		write(t, nextPath(path), after)
		if err := errors.Join(Check(path, l.key), VerifyFile(path, l.Public())); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		again := open(t, path, l.key)
		if _, err := again.Append(Entry{Event: "more", Step: StepStarted, At: day}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := VerifyFile(path, l.Public()); err != nil {
			t.Errorf("%s, and gone on: %v", name, err)
		}
	}
}

func TestEntryThatCouldNotBeReadAgainIsNotWritten(t *testing.T) {
	l := newLog(t)
	for _, e := range []Entry{
		{Event: "e", Step: StepStarted, Note: "not UTF-8: \xff"},
		{Event: "e", Step: StepStarted, Note: strings.Repeat("long", maxLine)},
		{Event: "", Step: StepStarted},
		{Event: "e"},
	} {
		if _, err := l.Append(e); err == nil {
			t.Errorf("%.40q was taken", e.Note)
		}
	}
	if entries, err := l.Entries(); err != nil || len(entries) != 0 {
		t.Errorf("%d entries, %v", len(entries), err)
	}
}

func TestCheckChangesNothing(t *testing.T) {
	dir, key := t.TempDir(), newKey(t)
	path := filepath.Join(dir, "purge.log")
	if err := Check(path, key); err != nil {
		t.Errorf("no log yet: %v", err)
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) > 0 {
		t.Errorf("left behind: %v, %v", files, err)
	}
	fill(t, open(t, path, key), 1)
	whole := contents(t, path)
	write(t, path, append(whole, "half a line"...))
	if err := Check(path, key); err != nil {
		t.Errorf("half a line at the end: %v", err)
	}
	if got := contents(t, path); len(got) != len(whole)+len("half a line") {
		t.Error("half a line was cut off")
	}
	write(t, path, whole[:len(whole)/2])
	if err := Check(path, key); !errors.Is(err, ErrTampered) {
		t.Errorf("a log that was cut: %v", err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := Check(path, key); !errors.Is(err, ErrTampered) {
		t.Errorf("a log that was removed: %v", err)
	}
}
