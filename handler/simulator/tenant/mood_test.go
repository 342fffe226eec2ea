package tenant

import (
	"context"
	"fmt"
	"testing"
	"time"
)

func TestUnrulyTenantMisbehavesWithinItsBounds(t *testing.T) {
	t.Parallel()
	to := started(t, Options{Mood: Unruly, Seed: 3})
	statuses := map[int]int{}
	texts := map[string]bool{}
	orders := map[string]bool{}
	for range 300 {
		got := graph(t, to, "GET", "/v1.0/servicePrincipals?$select=displayName", "")
		statuses[got.Status]++
		if got.Status == 200 {
			orders[got.rows(t)[0]["displayName"].(string)] = true
			if len(got.rows(t)) > largestSmallPage {
				t.Errorf("a page has %d rows", len(got.rows(t)))
			}
		}
		missing := run(t, to, "Get-ManagementScope", parameters{"Identity": "absent"})
		texts[fmt.Sprint(missing.Status)] = true
	}
	if statuses[429] == 0 || statuses[503] == 0 || statuses[200] < 270 {
		t.Errorf("statuses: %v", statuses)
	}
	if len(orders) < 5 || !texts["404"] || !texts["400"] || !texts["500"] {
		t.Errorf("orders: %v, statuses of not-found: %v", orders, texts)
	}
}

func TestUnrulyTenantLosesAnswersToWritesAndHidesNewObjects(t *testing.T) {
	t.Parallel()
	to := started(t, Options{Mood: Unruly, Seed: 5})
	lost, hidden := 0, 0
	// Four hundred writes lose none once in three thousand runs: when objects come out of hiding
	// depends on real time, and with it what the dice are asked.
	for index := range 400 {
		name := fmt.Sprintf("mg-%d", index)
		made := run(t, to, "New-ManagementScope", parameters{"Name": name, "RecipientRestrictionFilter": "Alias -eq 'a'"})
		if made.Status == 0 {
			lost++
		}
		if index%4 == 0 && made.Status == 200 && run(t, to, "Get-ManagementScope", parameters{"Identity": name}).Status != 200 {
			hidden++
		}
	}
	if lost == 0 || lost > 30 || hidden < 20 {
		t.Errorf("%d answers lost, %d objects hidden", lost, hidden)
	}
	to.Advance(longestLag)
	if rows := run(t, to, "Get-ManagementScope", parameters{"Identity": "mg-399"}); rows.Status == 404 {
		t.Errorf("an object stays hidden: %s", rows.Text)
	}
}

func TestErrorTextsComeInManyLanguages(t *testing.T) {
	t.Parallel()
	unruly := &Tenant{options: Options{Mood: Unruly}, random: newDice(1)}
	calm := &Tenant{random: newDice(1)}
	seen := map[string]bool{}
	for range 50 {
		seen[notFound("x").message(unruly.language())] = true
		if calm.language() != english {
			t.Fatal("a calm tenant speaks English")
		}
	}
	if len(seen) != languages {
		t.Errorf("seen: %v", seen)
	}
}

func TestTenantEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	to, err := Start(ctx, Options{})
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	deadline := time.Now().Add(5 * time.Second)
	for {
		status, _ := to.Call("GET", "/v1.0/users/x/messages", "")
		if status == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the tenant still answers")
		}
		time.Sleep(5 * time.Millisecond)
	}
	err = to.Close()
	if err != nil {
		t.Error(err)
	}
}

func TestCloseDoesNotWaitForASlowCall(t *testing.T) {
	t.Parallel()
	to, err := Start(t.Context(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	plant(t, to, Fault{Name: "latency", Delay: "1m"})
	ended := make(chan int)
	go func() {
		status, _ := to.Call("GET", "/v1.0/users/x/messages", "")
		ended <- status
	}()
	for len(to.Requests()) == 0 {
		time.Sleep(time.Millisecond)
	}
	before := time.Now()
	err = to.Close()
	if err != nil || time.Since(before) > 4*time.Second {
		t.Errorf("closing took %s: %v", time.Since(before), err)
	}
	if status := <-ended; status != 0 {
		t.Errorf("the slow call was answered %d", status)
	}
}
