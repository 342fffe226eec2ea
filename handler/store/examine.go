package store

import (
	"context"
	"net/http"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// poisonSuffix is what the Functions host adds to a queue's name for the messages
// that it gave up (Microsoft Learn, Azure Queue storage trigger, Poison messages).
const poisonSuffix = "-poison"

// Clock returns what the table service says the time is, in UTC and to the second.
// KindUnavailable when it does not answer, also when it does not say.
func (s *Store) Clock(ctx context.Context) (time.Time, error) {
	var date string
	ctx = context.WithValue(ctx, dateKey{}, &date)
	_, err := s.readEntity(ctx, place{tableWork, "doctor", "clock"})
	if err != nil && KindOf(err) != KindNotFound {
		return time.Time{}, err
	}
	at, err := http.ParseTime(date)
	if err != nil {
		return time.Time{}, subject{"read the clock of", "the table service"}.failed(KindUnavailable, err)
	}
	return at.UTC(), nil
}

type dateKey struct{}

// dateKeeper hands the time of an answer to whoever asked for it.
type dateKeeper struct{}

// Do implements policy.Policy.
func (dateKeeper) Do(request *policy.Request) (*http.Response, error) {
	response, err := request.Next()
	date, wanted := request.Raw().Context().Value(dateKey{}).(*string)
	if wanted && response != nil {
		*date = response.Header.Get("Date")
	}
	return response, err
}

// PoisonMessages returns about how many messages of QueueApply or QueueNotify the
// host has given up: 0 also when it has never made a queue for them.
func (s *Store) PoisonMessages(ctx context.Context, queue string) (int, error) {
	count := 0
	err := s.read(ctx, subject{"count in queue", queue + poisonSuffix}, func(ctx context.Context) error {
		found, err := s.queues.NewQueueClient(queue+poisonSuffix).GetProperties(ctx, nil)
		if err == nil && found.ApproximateMessagesCount != nil {
			count = int(*found.ApproximateMessagesCount)
		}
		return err
	})
	if failure, ours := asError(err); ours && failure.Code == "QueueNotFound" {
		return 0, nil
	}
	return count, err
}

// RefusedAccess reports whether the storage account answered that the caller may not
// do this: the identity lacks a role there, or the key is not the account's.
func RefusedAccess(err error) bool {
	failure, ours := asError(err)
	return ours && (failure.Status == http.StatusForbidden || failure.Status == http.StatusUnauthorized)
}
