package overview

import (
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"cultuurdag/enroll/locale"
)

func testCertificate() CertificateData {
	in := testDay(0, 1)
	at := in.Event.Date.NextMidnight()
	c := CertificateData{
		Provider: in.Provider, School: in.School, Event: in.Event, Program: "Cultuurdag 1.0", Early: true,
		Counts:      map[string]int{"students": 240, "codes": 240, "places": 719, "sessions": 1, "tapes": 2, "files": 0, "invitations": 12, "drafts": 1},
		Fingerprint: "3f1c 9a77 0be2", EntryHash: strings.Repeat("9f86d081", 8),
		Checkpoint: "cultuurdag.example/purge-log\n42\nCsUYapGGPo4dkMgIAUqomXajj7h2fB2MPA3j2jxq2I=\n\n— cultuurdag.example Az3grlgtzPICa5OS8npVmf1Myq\n",
		PublicURL:  "https://cultuurdag.example/purged/e1", MeaningURL: "https://cultuurdag.example/deletion", Searched: 3,
	}
	days := 30
	c.Provider.CopiesDays = &days
	for i, step := range []string{"started", "key_destroyed", "ciphertext_deleted", "log_rewritten", "verified", "completed"} {
		c.Steps = append(c.Steps, CertificateStep{Step: step, At: at.Add(time.Duration(i) * time.Second)})
	}
	c.Steps[4].Note = "De bestanden van de database waren niet te zien."
	return c
}

func TestTheCertificateTellsAHeadmasterAll(t *testing.T) {
	pdf, err := Certificate(testCertificate())
	if err != nil {
		t.Fatal(err)
	}
	all := pages(t, pdf)
	text := squeeze(strings.Join(all, ""))
	for _, want := range []string{
		"Verklaring van vernietiging", "Cultuurdag leerjaar 3", "vrijdag 4 december 2026", "Het Waterland College", "BRIN 12AB",
		"Stichting Kunst in Zicht", "Cultuurdag 1.0", "eerder vernietigd",
		"240 leerlingen (naam, klas en nummer)", "240 inlogcodes", "719 plekken in workshops", "1 ingelogde telefoon of computer", "2 tapes",
		"5-12-2026 00:00:00", "Sleutel vernietigd", "5-12-2026 00:00:05", "Afgerond", "De bestanden van de database waren niet te zien.",
		"3f1c 9a77 0be2", strings.Repeat("9f86d081", 8), "Az3grlgtzPICa5OS8npVmf1Myq", "https://cultuurdag.example/purged/e1", "Wat blijft bewaard", "pagina 1 van",
		"12 uitnodigingen per mail", "1 klassenlijst die nog niet was opgeslagen", "hooguit 30 dagen, dus tot en met maandag 4 januari 2027",
		"een proefstuk dat ermee was versleuteld gaat niet meer open", "Ook in de 3 bestanden", "https://cultuurdag.example/deletion",
	} {
		if !strings.Contains(text, squeeze(want)) {
			t.Errorf("no %q", want)
		}
	}
	if strings.Contains(text, "0lijsten") {
		t.Error("tells of lists that there were not")
	}
	if got := codes(t, pdf, strconv.Itoa(len(all))); len(got) != 1 || got[0] != "https://cultuurdag.example/purged/e1\n" {
		t.Errorf("QR codes: %q", got)
	}
}

func TestNothingIsCertifiedBeforeItIsDone(t *testing.T) {
	c := testCertificate()
	c.Steps = c.Steps[:5]
	if _, err := Certificate(c); !errors.Is(err, ErrNotCompleted) {
		t.Errorf("got %v, want ErrNotCompleted", err)
	}
}

func TestALongCertificateGoesOnAnotherPage(t *testing.T) {
	c := testCertificate()
	c.Locale = locale.English
	for range 4 {
		c.Steps = append(c.Steps, c.Steps[:6]...)
	}
	pdf, err := Certificate(c)
	if err != nil {
		t.Fatal(err)
	}
	all := pages(t, pdf)
	if len(all) < 2 || !strings.Contains(all[len(all)-1], "See for yourself") || !strings.Contains(all[1], "page 2 of") {
		t.Errorf("%d pages, the last one %q", len(all), all[len(all)-1])
	}
	if n := strings.Count(strings.Join(all, ""), "Key destroyed"); n != 5 {
		t.Errorf("%d steps, want 5", n)
	}
}
