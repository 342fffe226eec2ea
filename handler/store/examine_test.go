package store

import (
	"net/http"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue"
)

func TestClockIsTheServices(t *testing.T) {
	t.Parallel()
	opened, _ := prepared(t)
	at, err := opened.Clock(t.Context())
	if err != nil || time.Since(at).Abs() > time.Minute {
		t.Errorf("got %s, %v", at, err)
	}
}

func TestClockThatIsNotTold(t *testing.T) {
	t.Parallel()
	opened, _ := unprepared(t)
	_, err := opened.Clock(t.Context())
	if KindOf(err) != KindUnavailable {
		t.Errorf("got %v", err)
	}
}

func TestPoisonMessagesAreCounted(t *testing.T) {
	t.Parallel()
	opened, _ := prepared(t)
	count, err := opened.PoisonMessages(t.Context(), QueueApply)
	if err != nil || count != 0 {
		t.Errorf("without such a queue: %d, %v", count, err)
	}
	queue := opened.queues.NewQueueClient(QueueApply + "-poison")
	_, err = queue.Create(t.Context(), nil)
	must(t, err)
	_, err = queue.EnqueueMessage(t.Context(), "left", &azqueue.EnqueueMessageOptions{})
	must(t, err)
	count, err = opened.PoisonMessages(t.Context(), QueueApply)
	if err != nil || count != 1 {
		t.Errorf("with one: %d, %v", count, err)
	}
}

func TestRefusedAccessIsTold(t *testing.T) {
	t.Parallel()
	for status, refused := range map[int]bool{http.StatusForbidden: true, http.StatusUnauthorized: true, http.StatusNotFound: false, 0: false} {
		if RefusedAccess(&Error{Status: status}) != refused {
			t.Errorf("%d", status)
		}
	}
	if RefusedAccess(nil) {
		t.Error("nil is refused")
	}
}
