package store_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"cultuurdag/enroll"
	"cultuurdag/enroll/enrolltest"
	"cultuurdag/enroll/store"
)

// One student added, corrected, given another code, and erased.
func TestOneStudent(t *testing.T) {
	ctx := context.Background()
	w, e, student, cookie := world(t)
	if _, err := w.Store.Take(ctx, cookie, 1, "w1", 0); err != nil {
		t.Fatal(err)
	}
	view, err := w.Store.Student(ctx, cookie)
	if err != nil {
		t.Fatal(err)
	}
	var faults enroll.FieldErrors
	twin := enroll.Student{Number: view.Student.Number, FirstName: "Nieuw", LastName: "Hier", Class: "1A", Year: 1}
	if _, err := w.Store.AddStudent(ctx, e.ID, twin); !errors.As(err, &faults) || faults[0].Code != "number_taken" {
		t.Errorf("a number that another has: %v", err)
	}
	if _, err := w.Store.AddStudent(ctx, e.ID, enroll.Student{}); !errors.As(err, &faults) || len(faults) != 4 {
		t.Errorf("nothing entered: %v", err)
	}
	twin.Number, twin.Email = "990001", "nieuw@example.org"
	added, err := w.Store.AddStudent(ctx, e.ID, twin)
	if err != nil {
		t.Fatal(err)
	}
	if added.Email != "" {
		t.Error("an e-mail address is kept, though the event sends no invitations")
	}
	codes, err := w.Store.Codes(ctx, e.ID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Store.SignInStudent(ctx, codes[added.ID]); err != nil {
		t.Errorf("the new student signs in: %v", err)
	}

	corrected := view.Student
	corrected.LastName, corrected.Class = "Anders", "2B"
	if err := w.Store.UpdateStudent(ctx, e.ID, corrected); err != nil {
		t.Fatal(err)
	}
	if view, err = w.Store.Student(ctx, cookie); err != nil || view.Student.LastName != "Anders" || view.Choices[1].Workshop != "w1" {
		t.Errorf("corrected: %s, %v, %v", view.Student.LastName, view.Choices, err)
	}

	code, err := w.Store.NewCode(ctx, e.ID, student)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Store.Student(ctx, cookie); !errors.Is(err, enroll.ErrSignedOut) {
		t.Errorf("a session of the old code: %v", err)
	}
	if _, err := w.Store.SignInStudent(ctx, codes[student]); !errors.Is(err, enroll.ErrWrongCode) {
		t.Errorf("the old code: %v", err)
	}
	if cookie, err = w.Store.SignInStudent(ctx, code); err != nil {
		t.Fatalf("the new code: %v", err)
	}

	if err := w.Store.EraseStudent(ctx, e.ID, student); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Store.Student(ctx, cookie); !errors.Is(err, enroll.ErrSignedOut) {
		t.Errorf("the session of an erased student: %v", err)
	}
	seats, err := w.Store.Seats(ctx, e.ID)
	if err != nil || seats[enroll.SessionKey{Workshop: "w1", Round: 1}] != 0 {
		t.Errorf("the seat of an erased student: %v, %v", seats, err)
	}
	if err := w.Store.EraseStudent(ctx, e.ID, student); !errors.Is(err, enroll.ErrNotFound) {
		t.Errorf("erased twice: %v", err)
	}
	if err := w.Store.UpdateStudent(ctx, e.ID, corrected); !errors.Is(err, enroll.ErrNotFound) {
		t.Errorf("an erased student corrected: %v", err)
	}
}

// Nothing personal names a student who was erased, whatever there was: every key
// of the event is read whole and searched for the id and the code's HMAC.
func TestErasedEverywhere(t *testing.T) {
	ctx := context.Background()
	w := enrolltest.New(t)
	e := w.Event(t, w.School(t, "De Springplank"))
	w.Programme(t, e, 3, 2, 10)
	students, codes := w.Enrol(t, e.ID, 6)
	w.Clock.Move(e.OpenAt.Add(time.Minute))
	st := students[0]
	cookie, err := w.Store.SignInStudent(ctx, codes[st.ID])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Store.Take(ctx, cookie, 1, "w1", 0); err != nil {
		t.Fatal(err)
	}
	ids := []string{st.ID, students[1].ID}
	if _, err := w.Store.Invite(ctx, e.ID, store.InviteBatch{To: store.InviteAll}, -1, ids); err != nil {
		t.Fatal(err)
	}
	keys, err := w.Keystore.Keys(e.ID)
	if err != nil {
		t.Fatal(err)
	}
	mac := keys.LoginMAC(codes[st.ID])
	report, err := json.Marshal(map[string]any{"blocked": ids, "places": map[string]int{st.ID: 1}})
	if err != nil {
		t.Fatal(err)
	}
	prefix := "cd:{" + e.ID + "}:p:"
	if err := errors.Join(
		w.Store.MarkSlips(ctx, e.ID, codes),
		w.Store.PutFiles(ctx, e.ID, 1, 0, map[string][]byte{"rosters.pdf": []byte("names")}),
		w.Store.PutDraft(ctx, e.ID, "anna", []byte("age")),
		w.Redis.HSet(ctx, prefix+"wishes", st.ID, "w1").Err(),
		w.Redis.Set(ctx, prefix+"report", report, 0).Err(),
	); err != nil {
		t.Fatal(err)
	}
	holding := func() (found []string) {
		names, err := w.Redis.Keys(ctx, prefix+"*").Result()
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			text := name + w.Redis.Get(ctx, name).Val() + fmt.Sprint(w.Redis.HGetAll(ctx, name).Val())
			if strings.Contains(text, st.ID) || strings.Contains(text, mac) || strings.Contains(name, "draft") || strings.HasSuffix(name, "files") {
				found = append(found, strings.TrimPrefix(name, prefix))
			}
		}
		slices.Sort(found)
		return found
	}
	want := []string{"codes", "draft:anna", "files", "invited", "logins", "masks", "places", "printed", "report", "sessions", "students", "tokens", "wishes"}
	if got := holding(); !slices.Equal(got, want) {
		t.Fatalf("before, found in %v", got)
	}
	if err := w.Store.EraseStudent(ctx, e.ID, st.ID); err != nil {
		t.Fatal(err)
	}
	if got := holding(); len(got) > 0 {
		t.Errorf("left in %v", got)
	}
	if err := w.Store.PutFiles(ctx, e.ID, 1, 0, map[string][]byte{"rosters.pdf": []byte("names")}); !errors.Is(err, enroll.ErrConflict) {
		t.Errorf("lists that were begun before the erasure: %v", err)
	}
	if got := holding(); len(got) > 0 {
		t.Errorf("back in %v", got)
	}
	if left := w.Redis.Get(ctx, prefix+"report").Val(); !strings.Contains(left, students[1].ID) {
		t.Errorf("the report lost another student: %s", left)
	}
	if e, err := w.Store.Event(ctx, e.ID); err != nil || e.Erased != 1 || e.Students != len(students)-1 {
		t.Errorf("%d erased, %d left, %v", e.Erased, e.Students, err)
	}
	// A list that leaves somebody out erases as well, and a cancelled event still does.
	if r, err := w.Store.ApplyList(ctx, e.ID, students[2:], true, false); err != nil || r.Removed != 1 {
		t.Fatalf("%+v, %v", r, err)
	}
	if _, err := w.Store.UpdateEvent(ctx, e.ID, func(e *enroll.Event) error { e.State = enroll.Cancelled; return nil }); err != nil {
		t.Fatal(err)
	}
	if err := w.Store.EraseStudent(ctx, e.ID, students[2].ID); err != nil {
		t.Errorf("of a cancelled event: %v", err)
	}
	if e, err := w.Store.Event(ctx, e.ID); err != nil || e.Erased != 3 {
		t.Errorf("%d erased, %v", e.Erased, err)
	}
}

// A list that somebody looks at is kept sealed, for them alone, until dropped.
func TestDraft(t *testing.T) {
	ctx := context.Background()
	w, e, _, _ := world(t)
	if err := w.Store.PutDraft(ctx, e.ID, "anna", []byte("age")); err != nil {
		t.Fatal(err)
	}
	if got, err := w.Store.Draft(ctx, e.ID, "anna"); err != nil || string(got) != "age" {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := w.Store.Draft(ctx, e.ID, "bram"); !errors.Is(err, enroll.ErrNotFound) {
		t.Errorf("another's draft: %v", err)
	}
	keys, err := w.Redis.Keys(ctx, "cd:*draft*").Result()
	if err != nil || len(keys) != 1 {
		t.Fatalf("%v, %v", keys, err)
	}
	if left := w.Redis.TTL(ctx, keys[0]).Val(); left <= 0 || left.Hours() > 1 {
		t.Errorf("it goes in %v", left)
	}
	if err := w.Store.DropDraft(ctx, e.ID, "anna"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Store.Draft(ctx, e.ID, "anna"); !errors.Is(err, enroll.ErrNotFound) {
		t.Errorf("dropped: %v", err)
	}
	w.Clock.Move(e.PurgeDue())
	if err := w.Store.PutDraft(ctx, e.ID, "anna", []byte("age")); !errors.Is(err, enroll.ErrPurged) {
		t.Errorf("after the deadline: %v", err)
	}
}

// Who reads while the purge destroys the key is told that the data are gone, and
// no error names a student: errors are logged, and stand in asynq's tasks.
func TestErrorsOfRecordsNameNoStudent(t *testing.T) {
	ctx := t.Context()
	w, e, student, _ := world(t)
	keys, err := w.Keystore.Keys(e.ID)
	if err != nil {
		t.Fatal(err)
	}
	sealed := keys.SealRecord("student", student, 1, []byte("{}"))
	w.Keystore.Forget(e.ID) // as Destroy does, between the reading and the opening of a record
	if _, _, err := store.Open(keys, "student", student, sealed); !errors.Is(err, enroll.ErrPurged) || strings.Contains(err.Error(), student) {
		t.Errorf("with a key that is gone: %v", err)
	}
	for _, hash := range []string{"students", "codes"} {
		if err := w.Redis.HSet(ctx, "cd:{"+e.ID+"}:p:"+hash, student, "damaged").Err(); err != nil {
			t.Fatal(err)
		}
	}
	_, errStudents := w.Store.Students(ctx, e.ID)
	_, errCodes := w.Store.Codes(ctx, e.ID)
	for _, err := range []error{errStudents, errCodes} {
		if err == nil || strings.Contains(err.Error(), student) {
			t.Errorf("a damaged record: %v", err)
		}
	}
}

// Invitations that were asked for while a student was erased do not name them.
func TestInvitationsOfWhoIsErased(t *testing.T) {
	ctx := t.Context()
	w, e, student, _ := world(t)
	if err := w.Store.EraseStudent(ctx, e.ID, student); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Store.Invite(ctx, e.ID, store.InviteBatch{To: store.InviteAll}, -1, []string{student}); err != nil {
		t.Fatal(err)
	}
	if all, err := w.Redis.HGetAll(ctx, "cd:{"+e.ID+"}:p:invited").Result(); err != nil || len(all) > 0 {
		t.Errorf("%v, %v", all, err)
	}
}
