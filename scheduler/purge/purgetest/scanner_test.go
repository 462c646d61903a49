package purgetest

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"codeberg.org/go-pdf/fpdf"
	"filippo.io/age"
	"filippo.io/age/armor"
	"github.com/redis/go-redis/v9"
	"github.com/xuri/excelize/v2"

	"cultuurdag/crypto"
	"cultuurdag/enroll"
	"cultuurdag/enroll/enrolltest"
)

// marked is a name with a letter of each kind: in Latin-1, and outside it.
const marked = "Zwaënstraß-Łuczak"

// scene is a world with an event, one student of which has marked data, and a
// scanner for it.
type scene struct {
	*enrolltest.World
	*Scanner
	event enroll.Event
	keys  *crypto.EventKeys
}

func newScene(t *testing.T) *scene {
	t.Helper()
	s := &scene{World: enrolltest.New(t)}
	s.event = s.World.Event(t, s.School(t, "Voorbeeldcollege"))
	var err error
	if s.Scanner, err = New(s.Keystore.Dir(), s.MasterFile, t.TempDir(), s.event.ID); err != nil {
		t.Fatal(err)
	}
	if s.keys, err = s.Keystore.Keys(s.event.ID); err != nil {
		t.Fatal(err)
	}
	return s
}

// search looks through one text.
func (s *scene) search(t *testing.T, data []byte) Findings {
	t.Helper()
	found, err := s.Search(t.Context(), Places{Texts: map[string][]byte{"here": data}})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// around puts data between other bytes, so that it begins at that place.
func around(data []byte, at int) []byte {
	return slices.Concat(bytes.Repeat([]byte{0xA5}, at), data, []byte("and so on"))
}

func packed(t *testing.T, data []byte, zip bool) []byte {
	t.Helper()
	var b bytes.Buffer
	var w interface {
		Write([]byte) (int, error)
		Close() error
	} = zlib.NewWriter(&b)
	if zip {
		w = gzip.NewWriter(&b)
	}
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// sealedTo makes an age file to a recipient.
func sealedTo(t *testing.T, recipient string, data []byte, armored bool) []byte {
	t.Helper()
	to, err := age.ParseX25519Recipient(recipient)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	out := armor.NewWriter(&b)
	w, err := age.Encrypt(out, to)
	if !armored {
		b.Reset()
		w, err = age.Encrypt(&b, to)
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if armored {
		if err := out.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}

// written by others than the scanner itself.
func encodings(t *testing.T) map[string][]byte {
	t.Helper()
	units := utf16.Encode([]rune(marked))
	var little, big, ascii []byte
	for _, u := range units {
		little, big = binary.LittleEndian.AppendUint16(little, u), binary.BigEndian.AppendUint16(big, u)
		if u < 0x80 {
			ascii = append(ascii, byte(u))
		} else {
			ascii = fmt.Appendf(ascii, `\u%04x`, u)
		}
	}
	quoted, err := json.Marshal("een " + marked)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]byte{
		"utf8": []byte(marked), "upper": []byte(strings.ToUpper(marked)), "lower": []byte(strings.ToLower(marked)),
		"utf16le": little, "utf16be": big, "json": quoted, "json in ascii": ascii,
		"hex": []byte(hex.EncodeToString([]byte(marked))), "HEX": fmt.Appendf(nil, "%X", marked),
		"query": []byte(url.Values{"q": {marked}}.Encode()), "path": []byte((&url.URL{Path: "/x/" + marked}).EscapedPath()),
		"latin1": []byte("P\xEBtersen-Do\xDFe"), "decomposed": []byte("Zwae\u0308nstraß-Łuczak"),
		"gzip": packed(t, []byte("x"+marked+"y"), true), "deflate": packed(t, []byte("x"+marked+"y"), false),
		"deflate in gzip": packed(t, packed(t, []byte(marked), false), true),
	}
	for name, e := range map[string]*base64.Encoding{"std": base64.StdEncoding, "url": base64.URLEncoding, "raw": base64.RawURLEncoding} {
		for phase := range 3 {
			all[fmt.Sprint("base64 ", name, phase)] = []byte(e.EncodeToString([]byte("<>?"[:phase] + marked + "~~~")))
		}
	}
	return all
}

// Every form is found wherever it lies, and nothing where only part of it does.
func TestEveryFormIsFound(t *testing.T) {
	s := newScene(t)
	s.Mark(KindName, marked, "Pëtersen-Doße")
	s.Mark(KindNumber, "240123456789")
	all := encodings(t)
	all["number"] = binary.LittleEndian.AppendUint64(nil, 240123456789)
	for name, data := range all {
		for at := range 5 {
			if found := s.search(t, around(data, at)); len(found) == 0 {
				t.Errorf("%s at %d is not found", name, at)
			}
		}
	}
	if found := s.search(t, around([]byte(marked[:len(marked)-1]), 3)); len(found) > 0 {
		t.Errorf("where only part of it stands: %v", found)
	}
	values, forms := s.Markers()
	t.Logf("%d forms of %d values", forms, values)
}

// What the event's keys open is opened, wherever in a file it begins and
// whatever follows it.
func TestWhatIsSealedIsOpened(t *testing.T) {
	s := newScene(t)
	s.Mark(KindName, "Quispelaar")
	book := excelize.NewFile()
	if err := book.SetCellValue("Sheet1", "B2", "Quispelaar"); err != nil {
		t.Fatal(err)
	}
	sheet, err := book.WriteToBuffer()
	if err != nil {
		t.Fatal(err)
	}
	var page bytes.Buffer
	pdf := fpdf.New("P", "mm", "A4", "")
	pdf.AddPage()
	pdf.SetFont("Helvetica", "", 12)
	pdf.Text(10, 40, "Quispelaar")
	if err := pdf.Output(&page); err != nil {
		t.Fatal(err)
	}
	long := append(bytes.Repeat([]byte("filler; "), 20_000), "Quispelaar"...) // in the third chunk
	file := func(data []byte) []byte {
		sealed, err := s.keys.SealFile(data)
		if err != nil {
			t.Fatal(err)
		}
		return sealed
	}
	for name, c := range map[string]struct {
		data []byte
		how  string
	}{
		"record":          {s.keys.SealRecord("student", "abc", 3, []byte(`{"last_name":"Quispelaar"}`)), "utf8 in record"},
		"file":            {file([]byte("x Quispelaar")), "utf8 in age"},
		"of three chunks": {file(long), "utf8 in age"},
		"xlsx":            {file(sheet.Bytes()), "utf8 in zip in age"},
		"pdf":             {file(page.Bytes()), "utf8 in pdf in age"},
		"upload":          {sealedTo(t, s.keys.Recipient(), []byte("Quispelaar"), false), "utf8 in age"},
		"armored":         {sealedTo(t, s.keys.Recipient(), []byte("Quispelaar"), true), "utf8 in armor"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, at := range []int{0, 7} {
				found := s.search(t, around(c.data, at))
				if !slices.ContainsFunc(found, func(f Finding) bool { return f.Kind == KindName && f.How == c.how }) {
					t.Errorf("at %d: %v", at, found)
				}
				if name == "record" != found.Has(KindTag, "here") || name == "record" == found.Has(KindAge, "here") {
					t.Errorf("at %d: %v", at, found)
				}
			}
		})
	}
	t.Run("empty file", func(t *testing.T) {
		if found := s.search(t, file(nil)); !found.Has(KindAge, "here") {
			t.Error("a file that opens is not found where nothing is in it")
		}
	})
	t.Run("key file", func(t *testing.T) {
		key, err := os.ReadFile(filepath.Join(s.Keystore.Dir(), s.event.ID+".age"))
		if err != nil {
			t.Fatal(err)
		}
		if found := s.search(t, around(key, 5)); !found.Has(KindKey, "here") {
			t.Errorf("found %v", found)
		}
	})
	t.Run("of another event", func(t *testing.T) {
		other := s.World.Event(t, s.School(t, "De Overkant"))
		keys, err := s.Keystore.Keys(other.ID)
		if err != nil {
			t.Fatal(err)
		}
		sealed, err := keys.SealFile([]byte("Quispelaar"))
		if err != nil {
			t.Fatal(err)
		}
		data := slices.Concat(sealed, keys.SealRecord("student", "abc", 1, []byte("Quispelaar")), sealedTo(t, keys.Recipient(), []byte("Quispelaar"), true))
		if found := s.search(t, data); len(found) > 0 {
			t.Errorf("found %v", found)
		}
	})
}

// Every kind of thing about a student is found in every place, and nowhere
// before it was put there.
func TestEveryPlaceIsSearched(t *testing.T) {
	ctx := t.Context()
	s := newScene(t)
	student := enroll.Student{
		ID: crypto.NewID(), Number: "M-240001", FirstName: "Dieuwke-Q", LastName: marked, Class: "Klas-QX9", Email: "dq@leerling.example",
	}
	code := crypto.NewCode(s.event.Code)
	s.MarkStudents(s.event.ID, []enroll.Student{student}, map[string]crypto.Code{student.ID: code})
	things := map[string][]byte{
		KindID: []byte(student.ID), KindNumber: []byte(student.Number), KindName: []byte(marked), KindClass: []byte(student.Class),
		KindEmail: []byte(student.Email), KindCode: []byte(code), KindIndex: []byte(s.keys.LoginMAC(code)), KindTag: s.keys.Tag(),
	}
	var err error
	if things[KindAge], err = s.keys.SealFile([]byte("x")); err != nil {
		t.Fatal(err)
	}
	sealed := s.keys.SealRecord("code", "abc", 1, bytes.Repeat([]byte("x"), 300))
	if err := s.Redis.Set(ctx, "remembered", sealed, 0).Err(); err != nil {
		t.Fatal(err)
	}
	if err := s.Remember(ctx, s.Redis); err != nil {
		t.Fatal(err)
	}
	things[KindCiphertext] = sealed[100:260]
	if err := s.Redis.FlushAll(ctx).Err(); err != nil {
		t.Fatal(err)
	}
	s.Server.Kill() // its files are made anew, so that nothing is in them yet
	aof := filepath.Join(s.Server.Dir, "appendonlydir")
	if err := os.RemoveAll(aof); err != nil {
		t.Fatal(err)
	}
	s.Server.Start(t)

	folders := map[string]string{"program": t.TempDir(), "system": t.TempDir(), "keystore": t.TempDir()}
	places := Places{Redis: s.Server.Client(t), RedisDir: s.Server.Dir, Folders: folders, Texts: map[string][]byte{}}
	search := func() Findings {
		t.Helper()
		found, err := s.Search(ctx, places)
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	if found := search(); len(found) > 0 {
		t.Fatalf("before anything was put there:\n%v", found)
	}
	put := func(dir, name string) func([]byte) error {
		return func(data []byte) error { return os.WriteFile(filepath.Join(dir, name), around(data, 3), 0o600) }
	}
	key := "cd:{" + s.event.ID + "}:p:x"
	checked := 0
	for _, c := range []struct {
		name, place string
		put         func(data []byte) error
	}{
		{"string", PlacePersonal, func(d []byte) error { return places.Redis.Set(ctx, key, d, 0).Err() }},
		{"field", PlaceOther, func(d []byte) error { return places.Redis.HSet(ctx, "cd:x", d, 1).Err() }},
		{"value", PlaceOther, func(d []byte) error { return places.Redis.HSet(ctx, "cd:x", "f", d).Err() }},
		{"name of a key", PlaceOther, func(d []byte) error { return places.Redis.Set(ctx, "cd:"+string(d), 1, 0).Err() }},
		{"list", PlaceAsynq, func(d []byte) error { return places.Redis.RPush(ctx, "asynq:{q}:pending", "a", d).Err() }},
		{"set", PlaceAsynq, func(d []byte) error { return places.Redis.SAdd(ctx, "asynq:queues", "a", d).Err() }},
		{"sorted set", PlaceAsynq, func(d []byte) error {
			return places.Redis.ZAdd(ctx, "asynq:{q}:archived", redis.Z{Score: 1, Member: d}).Err()
		}},
		{"task", PlaceAsynq, func(d []byte) error { return places.Redis.HSet(ctx, "asynq:{q}:t:1", "msg", around(d, 9)).Err() }},
		{"unique lock", PlaceAsynq, func(d []byte) error { return places.Redis.Set(ctx, "asynq:{q}:unique:"+string(d), 1, 0).Err() }},
		{"stream", PlaceOther, func(d []byte) error {
			return places.Redis.XAdd(ctx, &redis.XAddArgs{Stream: "cd:audit", Values: []any{"detail", d}}).Err()
		}},
		{"deleted", PlaceLog, func(d []byte) error {
			_, err := places.Redis.Pipelined(ctx, func(p redis.Pipeliner) error { p.Set(ctx, "y", d, 0); p.Del(ctx, "y"); return nil })
			return err
		}},
		{"old base", PlaceUnlisted, put(aof, "appendonly.aof.99.base.rdb")},
		{"rewrite", PlaceTemp, put(s.Server.Dir, "temp-rewriteaof-bg-1.aof")},
		{"rewrite beside the log", PlaceTemp, put(aof, "temp-appendonly.aof.incr")},
		{"old snapshot", PlaceSnapshot, put(s.Server.Dir, "dump.rdb")},
		{"old log", PlaceRedisDir, put(s.Server.Dir, "appendonly.aof")},
		{"program", "program", put(folders["program"], "purge.log")},
		{"system", "system", put(folders["system"], "multipart-123")},
		{"keystore", "keystore", put(folders["keystore"], "copy.age")},
		{"output", "log", func(d []byte) error { places.Texts["log"] = around(d, 1); return nil }},
	} {
		for kind, data := range things {
			if err := c.put(data); err != nil {
				t.Fatalf("%s: %v", c.name, err)
			}
			if found := search(); !found.Has(kind, c.place) {
				t.Errorf("%s in %s is not found: %v", kind, c.name, found)
			}
			checked++
			// Away with it, in Redis's log too.
			if err := places.Redis.FlushAll(ctx).Err(); err != nil {
				t.Fatal(err)
			}
			if err := os.Truncate(logged(t, aof), 0); err != nil {
				t.Fatal(err)
			}
			for _, dir := range append(slices.Collect(maps.Values(folders)), s.Server.Dir, aof) {
				for _, name := range []string{"purge.log", "multipart-123", "copy.age", "dump.rdb", "appendonly.aof", "temp-rewriteaof-bg-1.aof", "temp-appendonly.aof.incr", "appendonly.aof.99.base.rdb"} {
					if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
						t.Fatal(err)
					}
				}
			}
			clear(places.Texts)
		}
	}
	if found := search(); len(found) > 0 {
		t.Errorf("after all was taken away:\n%v", found)
	}
	t.Logf("%d kinds of things, each looked for and found in its place: %d searches", len(things), checked)
}

// logged returns what Redis appends to now; it opened the file for appending.
func logged(t *testing.T, aof string) string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(aof, "*.incr.aof"))
	if err != nil || len(names) != 1 {
		t.Fatalf("append-only files %v, %v", names, err)
	}
	return names[0]
}
