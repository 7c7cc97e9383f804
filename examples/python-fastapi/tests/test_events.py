import httpx


async def test_numbers_begin_anew_for_every_test(client: httpx.AsyncClient) -> None:
    added = await client.post("/events", json={"name": "Concert", "seats": 100})
    assert added.status_code == 201
    assert added.json() == {"event_id": 1}


async def test_and_for_this_one_too(client: httpx.AsyncClient) -> None:
    added = await client.post("/events", json={"name": "Play", "seats": 20})
    assert added.json() == {"event_id": 1}


async def test_an_event_without_seats_is_refused(client: httpx.AsyncClient) -> None:
    refused = await client.post("/events", json={"name": "Nothing", "seats": 0})
    assert refused.status_code == 422
    assert refused.json() == {"detail": "an event has at least one seat"}
